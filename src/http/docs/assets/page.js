// Starts Swagger UI on the document that the page names.
const { document: source, scheme, credential } = document.getElementById('api').dataset;

/** The fields of the form that is being sent. */
let form;

/** Swagger UI reads what looks like a number as one, so that 12.50 would go out as 12.5: the form is sent as it was filled in. */
const keepText = () => ({
  statePlugins: {
    spec: {
      wrapActions: {
        executeRequest: (send, system) => (request) => {
          form = system.oas3Selectors.requestBodyValue(request.pathName, request.method);
          return send(request);
        },
      },
    },
  },
});

function encodeForm(request) {
  if (typeof request.body !== 'string' || typeof form?.toJS !== 'function') return request;
  const fields = Object.entries(form.toJS()).map(([name, field]) => [name, String(field?.value ?? field ?? '')]);
  request.body = new URLSearchParams(fields.filter(([, value]) => value !== '')).toString();
  return request;
}

/** Of a form only the fields of the sample are filled in; of all others the example is told. A body in JSON begins with a sample of its own. */
function writeExamples(description) {
  const operations = Object.values(description.paths).flatMap((path) => Object.values(path));
  const forms = operations.flatMap(({ requestBody }) => requestBody?.content?.['application/x-www-form-urlencoded'] ?? []);
  for (const field of forms.flatMap(({ schema }) => Object.values(schema?.properties ?? {}))) {
    tellExample(field, field);
    // Without this, a value is made up from the pattern.
    field.example ??= '';
  }
  for (const parameter of operations.flatMap(({ parameters = [] }) => parameters)) tellExample(parameter, parameter.schema ?? {});
  return description;
}

function tellExample(described, schema) {
  const [example] = schema.examples ?? [];
  delete schema.examples;
  if (example !== undefined) described.description = `${described.description ?? ''} Such as \`${example}\`.`.trim();
}

const response = await fetch(source);
const ui = SwaggerUIBundle({
  spec: writeExamples(await response.json()),
  dom_id: '#api',
  plugins: [keepText],
  requestInterceptor: encodeForm,
  deepLinking: true,
  tryItOutEnabled: true,
  displayRequestDuration: true,
  validatorUrl: null,
  onComplete() {
    if (credential !== undefined) ui.preauthorizeApiKey(scheme, credential);
  },
});
