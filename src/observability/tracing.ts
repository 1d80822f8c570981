/**
 * Traces by OpenTelemetry, over OTLP: only where an endpoint is set, and nothing of it is loaded otherwise. Attributes are ids, names and states
 * from closed lists, so nothing of a card can be in a trace.
 */
type SpanExporter = import('@opentelemetry/sdk-trace').SpanExporter;

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface Span {
  readonly traceId: string;
  set(attributes: SpanAttributes): void;
  end(result?: { readonly failed: boolean }): void;
}

export interface Tracing {
  start(
    name: string,
    more?: { readonly parent?: Span | undefined; readonly isEntry?: boolean; readonly attributes?: SpanAttributes },
  ): Span;
  /** Sends what waits, for a few seconds at most. */
  stop(): Promise<void>;
}

export interface TracingOptions {
  /** Without `/v1/traces`, which is added. */
  readonly endpoint: string;
  readonly serviceName: string;
  /** Of this process. */
  readonly instanceId: string;
  readonly log: TracingLog;
}

/** Where it is told that traces do not arrive. */
export interface TracingLog {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
}

const exportEveryMs = 1_000;
const exportTimeoutMs = 5_000;
const errorLength = 200;

export async function openTracing({ endpoint, serviceName, instanceId, log }: TracingOptions): Promise<Tracing> {
  const [api, sdk, { OTLPTraceExporter }, { resourceFromAttributes }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const exporter = tellsFailures(new OTLPTraceExporter({ url: `${endpoint}/v1/traces`, timeoutMillis: exportTimeoutMs }), log);
  const processor = new sdk.BatchSpanProcessor({ exporter, scheduledDelayMillis: exportEveryMs, exportTimeoutMillis: exportTimeoutMs });
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.name': serviceName, 'service.instance.id': instanceId }),
    spanProcessors: [processor],
  });
  const tracer = provider.getTracer('polygate');
  const contexts = new WeakMap<Span, ReturnType<typeof api.trace.setSpan>>();
  return {
    start(name, { parent, isEntry = false, attributes = {} } = {}) {
      const context = (parent && contexts.get(parent)) ?? api.ROOT_CONTEXT;
      const span = tracer.startSpan(name, { kind: isEntry ? api.SpanKind.SERVER : api.SpanKind.INTERNAL, attributes }, context);
      const started: Span = {
        traceId: span.spanContext().traceId,
        set: (more) => void span.setAttributes(more),
        end({ failed } = { failed: false }) {
          if (failed) span.setStatus({ code: api.SpanStatusCode.ERROR });
          span.end();
        },
      };
      contexts.set(started, api.trace.setSpan(context, span));
      return started;
    },
    // An endpoint that is away must not keep the gateway up; what it would have shown is lost.
    stop: () => provider.shutdown().catch(() => undefined),
  };
}

/** OpenTelemetry drops what it cannot hand over without a word. Told once, until it works again. */
function tellsFailures(exporter: SpanExporter, log: TracingLog): SpanExporter {
  let isAway = false;
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const isLost = result.error !== undefined;
        if (isLost && !isAway)
          log.warn(
            { error: String(result.error).slice(0, errorLength) },
            'traces are lost: OTEL_EXPORTER_OTLP_ENDPOINT does not take them. Payments are not touched',
          );
        if (!isLost && isAway) log.info({}, 'OTEL_EXPORTER_OTLP_ENDPOINT takes traces again');
        isAway = isLost;
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}
