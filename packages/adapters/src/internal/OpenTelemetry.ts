/**
 * `@opentelemetry/api`, as far as it is used here: structural, so that nothing of it is loaded.
 *
 * @packageDocumentation
 */

/** `Attributes`. */
export type OtelAttributes = Record<string, string | number | boolean>

/** `MetricAdvice`. */
export interface OtelAdvice {
  explicitBucketBoundaries?: number[]
}

/** `MetricOptions`. */
export interface OtelMetricOptions {
  description: string
  unit: string
  advice?: OtelAdvice
}

/** `Counter` and `UpDownCounter`. */
export interface OtelCounter {
  readonly add: (value: number, attributes?: OtelAttributes) => void
}

/** `Histogram`. */
export interface OtelHistogram {
  readonly record: (value: number, attributes?: OtelAttributes) => void
}

/** `Meter`. */
export interface OtelMeter {
  createCounter(name: string, options: OtelMetricOptions): OtelCounter
  createUpDownCounter(name: string, options: OtelMetricOptions): OtelCounter
  createHistogram(name: string, options: OtelMetricOptions): OtelHistogram
}

/** `SpanStatus`. */
export interface OtelStatus {
  code: number
  message: string
}

/** `Span`. */
export interface OtelSpan {
  setAttributes(attributes: OtelAttributes): unknown
  addEvent(name: string, attributes?: OtelAttributes): unknown
  setStatus(status: OtelStatus): unknown
  end(): void
}

/** `SpanOptions`. */
export interface OtelSpanOptions {
  attributes: OtelAttributes
}

/** `Tracer`. */
export interface OtelTracer {
  startSpan(name: string, options: OtelSpanOptions): OtelSpan
}
