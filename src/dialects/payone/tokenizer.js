// The card form on the merchant's page: a frame of the gateway, and the button of the merchant's own. Card data never touches the page around it.
(() => {
  class Tokenizer {
    #address;
    #place;
    #options;
    #token;
    #frame;
    #state = 'new';
    #waiting = [];

    /** `options`: hideCardholderName (true unless set), storePermanently, validationCallback; `token`: the stored card that is chosen first. */
    constructor(hostedTokenizationUrl, placeId, options = {}, token = undefined) {
      this.#address = new URL(hostedTokenizationUrl);
      this.#place = placeId;
      this.#options = options;
      this.#token = token;
    }

    /** Shows the form; rejects when it cannot be shown. */
    initialize() {
      const place = typeof this.#place === 'string' ? document.getElementById(this.#place) : this.#place;
      if (place === null) return Promise.reject(new Error(`Tokenizer: the page has no element "${this.#place}".`));
      this.destroy();
      const { searchParams } = this.#address;
      searchParams.set('embedded', '1');
      searchParams.set('button', 'outside');
      if (this.#options.hideCardholderName !== false) searchParams.set('holder', 'none');
      const frame = document.createElement('iframe');
      frame.title = 'Card';
      frame.className = 'polygate-tokenization';
      Object.assign(frame.style, { display: 'block', width: '100%', height: '20rem', border: '0', colorScheme: 'normal' });
      frame.src = this.#address.href;
      this.#frame = frame;
      addEventListener('message', this.#hear);
      const shown = this.#next();
      place.append(frame);
      return shown.then(({ type, state }) => {
        if (type !== 'shown' || state === 'over') throw new Error('Tokenizer: this session is over or does not exist; create a new one.');
        if (this.#token !== undefined) this.useToken(this.#token);
      });
    }

    /** Sends the form. The result is told, never thrown: `{ success, hostedTokenizationId, error: { message } }`. */
    async submitTokenization({ storePermanently = this.#options.storePermanently } = {}) {
      if (this.#state === 'new') return this.#failed('initialize() has to be called first.');
      if (this.#state === 'open') {
        const next = this.#next();
        this.#tell({ type: 'submit', keep: storePermanently === true });
        const { type, problem } = await next;
        if (type === 'held') return this.#failed(problem);
        if (this.#state === 'open') return this.#failed(problem);
      }
      if (this.#state !== 'done') return this.#failed('this session is over; create a new one.');
      return { success: true, hostedTokenizationId: this.#address.pathname.split('/').at(-1) };
    }

    /** Chooses one of the session's stored cards. */
    useToken(token) {
      this.#token = token;
      this.#tell({
        type: 'choose',
        token: String(token ?? '')
          .replaceAll('-', '')
          .toLowerCase(),
      });
    }

    /** Taken for the sake of pages that call it: no surcharge is shown in the form. */
    setAmount() {}

    destroy() {
      removeEventListener('message', this.#hear);
      this.#frame?.remove();
      this.#frame = undefined;
      this.#state = 'new';
    }

    #next() {
      const { promise, resolve } = Promise.withResolvers();
      this.#waiting.push(resolve);
      return promise;
    }

    #failed(message) {
      return { success: false, error: { message } };
    }

    #tell(message) {
      this.#frame?.contentWindow.postMessage({ source: 'polygate-page', ...message }, this.#address.origin);
    }

    #hear = ({ origin, source, data }) => {
      if (origin !== this.#address.origin || source !== this.#frame?.contentWindow || data?.source !== 'polygate') return;
      if (data.type === 'height' && Number.isFinite(data.height)) this.#frame.style.height = `${data.height}px`;
      if (data.type === 'judged') this.#options.validationCallback?.({ valid: data.valid === true });
      if (data.type !== 'shown' && data.type !== 'held') return;
      if (data.type === 'shown') this.#state = data.state;
      for (const resolve of this.#waiting.splice(0)) resolve(data);
    };
  }
  globalThis.Tokenizer = Tokenizer;
})();
