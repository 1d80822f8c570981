// The payment form on the merchant's page: a frame of the gateway in place of each form of the class `paymentWidgets`. Card data never
// touches the page around it.
(() => {
  const { src } = document.currentScript;
  const { origin, searchParams } = new URL(src);
  const checkoutId = searchParams.get('checkoutId') ?? '';
  const [, secret, routing] = /^([0-9A-F]{32})\.pg-([0-9a-z]{4})$/.exec(checkoutId) ?? [];
  const brands = new Map([
    ['VISA', 'visa'],
    ['MASTER', 'mastercard'],
    ['MAESTRO', 'maestro'],
    ['AMEX', 'amex'],
    ['DINERS', 'diners'],
    ['DISCOVER', 'discover'],
    ['JCB', 'jcb'],
    ['UNIONPAY', 'unionpay'],
    ['IDEAL', 'ideal'],
    ['SOFORTUEBERWEISUNG', 'sofort'],
    ['PREPAYMENT', 'prepayment'],
  ]);
  const options = () => window.wpwlOptions ?? {};

  /** The page of the checkout, with what the merchant's page says of it. */
  function addressFor(form) {
    const address = new URL(`/pay/${routing}${secret.toLowerCase()}`, origin);
    address.searchParams.set('embedded', '1');
    const named = (form.dataset.brands ?? '').split(/\s+/).map((name) => brands.get(name));
    const known = named.filter((name) => name !== undefined);
    if (known.length > 0) address.searchParams.set('brands', known.join(' '));
    const language = options().locale ?? document.documentElement.lang;
    if (language !== '') address.searchParams.set('language', language);
    const action = form.getAttribute('action');
    if (action !== null && action !== '') {
      const back = new URL(action, document.baseURI);
      back.searchParams.append('id', checkoutId);
      back.searchParams.append('resourcePath', `/v1/checkouts/${checkoutId}/payment`);
      address.searchParams.set('return', back.href);
    }
    return address.href;
  }

  function show(form) {
    if (form.dataset.polygate !== undefined) return;
    form.dataset.polygate = 'shown';
    const frame = document.createElement('iframe');
    frame.title = 'Payment';
    frame.className = 'polygate-payment';
    frame.allow = 'payment';
    Object.assign(frame.style, { display: 'block', width: '100%', height: '36rem', border: '0', colorScheme: 'normal' });
    frame.src = addressFor(form);
    addEventListener('message', ({ origin: from, source, data }) => {
      if (from !== origin || source !== frame.contentWindow || data?.source !== 'polygate') return;
      if (data.type === 'height' && Number.isFinite(data.height)) frame.style.height = `${data.height}px`;
      if (data.type === 'leave' && /^https?:/.test(data.url)) location.assign(data.url);
    });
    frame.addEventListener('load', () => options().onReady?.(), { once: true });
    form.hidden = true;
    form.after(frame);
  }

  function start() {
    if (secret === undefined) {
      console.error('paymentWidgets.js: the checkoutId in its address is not the id of a checkout.');
      return;
    }
    for (const form of document.querySelectorAll('form.paymentWidgets')) show(form);
  }

  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
  else start();
})();
