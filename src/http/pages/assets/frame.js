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
