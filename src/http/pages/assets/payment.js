// Helps with typing: groups digits, shows the brand, says at once what is wrong, and sends the form once. The page works without it.

const form = document.getElementById('payment');
const { dataset } = form;
const [number, expiry, cvc, holder] = ['number', 'expiry', 'cvc', 'holder'].map((id) => document.getElementById(id));
const ranges = JSON.parse(dataset.ranges);
const names = JSON.parse(dataset.names);
const accepted = dataset.accepted.split(' ');
const digitsOf = (input) => input.value.replace(/\D/g, '');

/** Six digits tell the brand; fewer do when all that may follow belong to one. */
function brandOf(digits) {
  if (digits === '') return undefined;
  const from = Number(digits.slice(0, 6).padEnd(6, '0'));
  const to = Number(digits.slice(0, 6).padEnd(6, '9'));
  return ranges.find(([low, high]) => from >= low && to <= high)?.[2];
}

function passesLuhn(digits) {
  let sum = 0;
  for (let index = digits.length - 1, double = false; index >= 0; index -= 1, double = !double) {
    const digit = Number(digits[index]) * (double ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0;
}

/** Writes a value again with its separators, and leaves the caret behind the same digit. */
function rewrite(input, format) {
  const before = input.value.slice(0, input.selectionStart).replace(/\D/g, '').length;
  const isAtEnd = input.selectionStart === input.value.length;
  input.value = format(digitsOf(input));
  if (isAtEnd) return;
  let caret = 0;
  for (let seen = 0; caret < input.value.length && seen < before; caret += 1) if (/\d/.test(input.value[caret])) seen += 1;
  input.setSelectionRange(caret, caret);
}

function groups(digits) {
  const sizes = /^3[47]/.test(digits) ? [4, 6, 5] : [4, 4, 4, 4, 3];
  const found = [];
  for (let at = 0, index = 0; at < digits.length && index < sizes.length; at += sizes[index], index += 1) {
    found.push(digits.slice(at, at + sizes[index]));
  }
  return found.join(' ');
}

/** The method that is chosen: `card` where there is no choice. */
const method = () => form.elements.namedItem('method')?.value ?? 'card';
const isNewCard = () => method() === 'card';

/** Of the card that is typed or chosen; undefined while nobody can tell. */
const brandInUse = () => (isNewCard() ? brandOf(digitsOf(number)) : form.querySelector('input[name="method"]:checked')?.dataset.brand);

const cvcLength = () => (brandInUse() === 'amex' ? 4 : 3);

function showBrand() {
  const brand = brandOf(digitsOf(number));
  for (const mark of number.parentElement.querySelectorAll('.brand')) mark.toggleAttribute('hidden', mark.dataset.brand !== brand);
  const list = form.querySelector('.brands');
  list.classList.toggle('detected', accepted.includes(brand));
  for (const mark of list.querySelectorAll('.brand')) mark.classList.toggle('is-brand', mark.dataset.brand === brand);
  const length = cvcLength();
  cvc.placeholder = length === 4 ? '1234' : '123';
  document.getElementById('cvc-hint').textContent = dataset[`cvcHint-${length}`];
}

/** Month first; a digit above 1 is a month by itself. Years may have four digits when they are pasted or filled in. */
function monthAndYear(digits) {
  const padded = /^[2-9]/.test(digits) ? `0${digits}` : digits;
  const year = padded.slice(2);
  const short = /^20\d\d$/.test(year) ? year.slice(2) : year.slice(0, year.startsWith('20') ? 4 : 2);
  return padded.length <= 2 ? padded : `${padded.slice(0, 2)} / ${short}`;
}

const checks = new Map([
  [
    number,
    () => {
      const digits = digitsOf(number);
      if (digits.length < 12 || !passesLuhn(digits)) return dataset.numberInvalid;
      const brand = brandOf(digits);
      return brand === undefined || accepted.includes(brand) ? '' : dataset.brandRefused.replace('{brand}', names[brand]);
    },
  ],
  [
    expiry,
    () => {
      const [, month, year] = /^(\d\d) ?\/ ?(\d{2}|20\d{2})$/.exec(expiry.value) ?? [];
      if (month === undefined || Number(month) < 1 || Number(month) > 12) return dataset.expiryInvalid;
      const now = new Date();
      const end = new Date(2000 + (Number(year) % 100), Number(month), 2);
      return end < now ? dataset.expiryPast : '';
    },
  ],
  [
    cvc,
    () => {
      const { length } = digitsOf(cvc);
      const isRight = brandInUse() === undefined ? length === 3 || length === 4 : length === cvcLength();
      return isRight ? '' : dataset[`cvcInvalid-${cvcLength()}`];
    },
  ],
]);
if (holder !== null) checks.set(holder, () => '');

/** The code may be left out where the merchant does not insist on it. */
const isOptional = (input) => input === cvc && (dataset.cvcOptional ?? '').split(' ').includes(isNewCard() ? 'new' : 'stored');
const faultOf = (input) => (input.value.trim() !== '' ? checks.get(input)() : isOptional(input) ? '' : input.dataset.missing);

/** Says what is wrong with a field, or that nothing is any more. */
function judge(input) {
  const text = faultOf(input);
  const error = document.getElementById(`${input.id}-error`);
  if (error.textContent !== text) error.textContent = text;
  if (text === '') input.removeAttribute('aria-invalid');
  else input.setAttribute('aria-invalid', 'true');
  return text === '';
}

const inUse = () => (isNewCard() ? [...checks.keys()] : method().startsWith('stored') ? [cvc] : []);

number.addEventListener('input', () => {
  rewrite(number, groups);
  showBrand();
});
expiry.addEventListener('input', ({ inputType }) => {
  // Whoever deletes the separator means the digit before it.
  const isDeleted = inputType?.startsWith('delete') === true;
  if (isDeleted && /^\d\d ?\/? ?$/.test(expiry.value)) expiry.value = digitsOf(expiry);
  else {
    // January, where nothing but the separator says so; year first, as HTML writes months and some browsers fill them in.
    const meant = expiry.value.replace(/^\s*1(?=\s*[/.-])/, '01').replace(/^\s*(20\d\d)-(\d\d)\s*$/, '$2/$1');
    if (!isDeleted) expiry.value = meant;
    rewrite(expiry, monthAndYear);
  }
});
cvc.addEventListener('input', () => {
  const digits = digitsOf(cvc);
  if (digits !== cvc.value) cvc.value = digits;
});

/** What a blur has to say waits until the pointer is up: a text that appears between press and release moves the button away from under it. */
const waiting = new Set();
let isPressed = false;
addEventListener('pointerdown', () => {
  isPressed = true;
});
for (const name of ['pointerup', 'pointercancel']) {
  addEventListener(name, () => {
    isPressed = false;
    setTimeout(() => {
      for (const input of waiting) judge(input);
      waiting.clear();
    });
  });
}

for (const input of checks.keys()) {
  input.addEventListener('blur', () => {
    if (input.value === '' && !input.hasAttribute('aria-invalid')) return;
    if (isPressed) waiting.add(input);
    else judge(input);
  });
  input.addEventListener('input', () => {
    if (input.hasAttribute('aria-invalid')) judge(input);
  });
}
form.addEventListener('change', ({ target }) => {
  if (target.name === 'method') showBrand();
});

/** For the page around the frame, which may have the button: whether it is time to press it. */
const tellReady = () => form.dispatchEvent(new CustomEvent('judged', { detail: inUse().every((input) => faultOf(input) === '') }));
form.addEventListener('input', tellReady);
form.addEventListener('change', tellReady);

const button = form.querySelector('button[type="submit"]');
const label = button.querySelector('.label');
const idleText = label.textContent;
let isSent = false;

form.addEventListener('submit', (event) => {
  // Every field is judged, so that all that is wrong is said at once.
  const wrong = inUse().filter((input) => !judge(input));
  if (isSent || wrong.length > 0) {
    event.preventDefault();
    wrong[0]?.focus();
    form.dispatchEvent(new CustomEvent('held', { detail: wrong.length > 0 ? wrong.map(faultOf).join(' ') : '' }));
    return;
  }
  isSent = true;
  button.setAttribute('aria-disabled', 'true');
  label.textContent = dataset.processing;
  const spinner = document.createElement('span');
  spinner.className = 'spinner';
  button.prepend(spinner);
});

// What the issuer is told of this browser (EMV 3-D Secure); without scripts it is told that there are none.
const { width, height, colorDepth } = screen;
form.elements.namedItem('browser').value = JSON.stringify({
  ...{ width, height, colorDepth, language: navigator.language },
  zone: new Date().getTimezoneOffset(),
  viewport: innerWidth,
});

// A browser that comes back would fill in again what was typed, also for whoever is at it then.
addEventListener('pagehide', () => {
  for (const input of [number, cvc]) input.value = '';
});

// Back from the next page: the form can be sent again.
addEventListener('pageshow', ({ persisted }) => {
  if (!persisted) return;
  isSent = false;
  button.removeAttribute('aria-disabled');
  button.querySelector('.spinner')?.remove();
  label.textContent = idleText;
});

if (matchMedia('(min-width: 56rem)').matches) document.querySelector('details.order')?.setAttribute('open', '');
document.querySelector('.alert')?.focus();
showBrand();
