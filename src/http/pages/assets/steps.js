// Takes the shopper through the steps without a click: sends forms, and waits for the bank's frame. Each has a button or a link for
// browsers without scripts.

const message = 'polygate:returned';

/** A step is taken once, whichever of its reasons comes first. */
function once(act) {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    act();
  };
}

for (const form of document.querySelectorAll('form[data-submit]')) {
  const send = once(() => form.submit());
  form.addEventListener('polygate:send', send);
  if (form.dataset.submit === 'now') send();
  else setTimeout(send, Number(form.dataset.submit));
}

for (const frame of document.querySelectorAll('iframe[data-returns]')) {
  const { returns } = frame.dataset;
  addEventListener('message', ({ origin, source, data }) => {
    if (origin !== location.origin || source !== frame.contentWindow || data !== message) return;
    const next = document.getElementById(returns);
    if (next === null) location.replace(returns);
    else next.dispatchEvent(new Event('polygate:send'));
  });
}

/** Whether the page around this one is the gateway's own; another site's does not let itself be read. */
function isFramedByUs() {
  try {
    return parent !== window && parent.location.origin === location.origin;
  } catch {
    return false;
  }
}

for (const link of document.querySelectorAll('a[data-returned]')) {
  if (isFramedByUs()) parent.postMessage(message, location.origin);
  else location.replace(link.href);
}
