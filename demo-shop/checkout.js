// Formats the card fields, fills in a test card, describes the browser, and goes on by itself where there is nothing to choose.
const form = document.getElementById('checkout');
if (form) {
  const field = (name) => form.elements.namedItem(name);
  const describe = {
    screenHeight: screen.height,
    screenWidth: screen.width,
    colorDepth: screen.colorDepth,
    timezoneOffset: new Date().getTimezoneOffset(),
    language: navigator.language,
    javaScript: true,
  };
  for (const [name, value] of Object.entries(describe)) field(name).value = String(value);

  const number = field('number');
  number.addEventListener('input', () => {
    const digits = number.value.replace(/\D/g, '').slice(0, 19);
    number.value = digits.replace(/(\d{4})(?=\d)/g, '$1 ');
  });
  const expiry = field('expiry');
  expiry.addEventListener('input', (event) => {
    const digits = expiry.value.replace(/\D/g, '').slice(0, 4);
    const deleting = event.inputType === 'deleteContentBackward';
    expiry.value = digits.length > 2 || (digits.length === 2 && !deleting) ? `${digits.slice(0, 2)} / ${digits.slice(2)}` : digits;
  });
  for (const button of document.querySelectorAll('.fill')) {
    button.addEventListener('click', () => {
      number.value = button.dataset.card;
      if (expiry.value === '') expiry.value = '12 / 34';
      if (field('cvc').value === '') field('cvc').value = '123';
      number.closest('.field').scrollIntoView({ block: 'center' });
    });
  }
  form.addEventListener('submit', () => {
    const button = form.querySelector('button[type=submit]');
    // After the form is on its way: a button that is disabled before is not sent.
    setTimeout(() => {
      button.disabled = true;
      button.textContent = 'Paying …';
    });
  });
  // A page that comes back from the browser's memory is not paying any more.
  addEventListener('pageshow', (event) => {
    if (event.persisted) location.reload();
  });
}
document.querySelector('form[data-submit=now]')?.submit();
