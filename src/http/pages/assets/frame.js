// Speaks to the page around the frame: how tall this page is, and where the shopper goes on. Nothing of the card is ever told.

const tell = (body) => {
  if (parent !== window) parent.postMessage({ source: 'polygate', ...body }, '*');
};

const tellHeight = () => tell({ type: 'height', height: Math.ceil(document.body.getBoundingClientRect().height) });
new ResizeObserver(tellHeight).observe(document.body);
tellHeight();

const leave = document.querySelector('a[data-leave]');
if (leave !== null) {
  if (parent === window) location.replace(leave.href);
  else tell({ type: 'leave', url: leave.href });
}

const form = document.getElementById('payment');
const alerted = document.querySelector('.alert')?.textContent.trim() ?? '';
tell({ type: 'shown', state: form !== null ? 'open' : document.querySelector('.done-mark') !== null ? 'done' : 'over', problem: alerted });
form?.addEventListener('judged', ({ detail }) => tell({ type: 'judged', valid: detail }));
form?.addEventListener('held', ({ detail }) => tell({ type: 'held', problem: detail }));

/** The page around the frame presses the button, or chooses a stored card. It learns nothing of what is typed. */
addEventListener('message', ({ source, data }) => {
  if (source !== parent || parent === window || form === null || data?.source !== 'polygate-page') return;
  const keep = form.elements.namedItem('keep');
  if (data.type === 'submit') {
    if (data.keep === true && keep !== null) {
      if (keep.type === 'checkbox') keep.checked = true;
      else keep.value = 'longer';
    }
    form.requestSubmit();
  }
  if (data.type === 'choose') {
    const choice = form.querySelector(`input[name="method"][data-token="${CSS.escape(String(data.token))}"]`);
    choice?.click();
  }
});
