/** A source with telemetry, what it has told, and what is exported of it. */

import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { type Key, plus, Secret, seconds, TokenSet, TokenSource, type TokenStore } from '@tessera/core'
import { openSource } from '@tessera/node'
import { Client, refreshToken } from '@tessera/oauth2'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { type TokenTelemetry, tokenTelemetry } from '../../src/opentelemetry.js'
import type { Rig } from './rig.js'

/** A sample of the text that Prometheus reads. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** The samples in a text, without the scope's label and those about the process. */
export const samplesOf = (text: string): ReadonlyArray<Sample> =>
  text
    .split('\n')
    .map((line) => /^(tessera_\w+)(?:\{(.*)\})? (\S+)$/.exec(line))
    .filter((match) => match !== null)
    .map(([, name = '', labels = '', value = '']) => ({
      name,
      labels: Object.fromEntries(
        [...labels.matchAll(/(\w+)="([^"]*)"/g)]
          .map(([, label = '', of = '']) => [label, of])
          .filter(([label]) => label !== 'otel_scope_name'),
      ),
      value: Number(value),
    }))

export interface Observing {
  readonly telemetry: TokenTelemetry
  /** What the Prometheus exporter answers. */
  readonly text: () => Promise<string>
  /** A sample's value: 0 where there is none. */
  readonly value: (name: string, labels?: Readonly<Record<string, string>>) => Promise<number>
  readonly spans: () => ReturnType<InMemorySpanExporter['getFinishedSpans']>
}

export const observing = ({ env }: Rig, hash?: (key: Key) => string): Observing => {
  const reader = new PrometheusExporter({ preventServerStart: true })
  const meters = new MeterProvider({ readers: [reader] })
  const exporter = new InMemorySpanExporter()
  const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
  const text = async (): Promise<string> => {
    const { resourceMetrics } = await reader.collect()
    return new PrometheusSerializer().serialize(resourceMetrics)
  }
  return {
    telemetry: tokenTelemetry({
      meter: meters.getMeter('test'),
      tracer: tracers.getTracer('test'),
      clock: env.clock,
      hash,
    }),
    text,
    value: async (name, labels = {}) =>
      samplesOf(await text())
        .filter((of) => of.name === name && Object.entries(labels).every(([label, is]) => of.labels[label] === is))
        .reduce((sum, { value }) => sum + value, 0),
    spans: () => exporter.getFinishedSpans(),
  }
}

/** A session of its own at the rig's server. */
export const openObserved = (
  { server, env }: Rig,
  { telemetry }: Observing,
  store: TokenStore,
  observe?: Parameters<TokenTelemetry['config']>[0]['observe'],
): { readonly source: TokenSource; readonly logIn: () => TokenSet; readonly secrets: ReadonlyArray<string> } => {
  const { id, secret } = server.client
  const client = Client.make({ id, secret, tokenEndpoint: server.endpoints.token })
  const secrets = [secret]
  const logIn = (): TokenSet => {
    const { accessToken, refreshToken: refresh, expiresIn } = server.issue()
    secrets.push(accessToken, refresh)
    return TokenSet.make(Secret.make('AccessToken', accessToken), {
      refreshToken: O.some(Secret.make('RefreshToken', refresh)),
      expiresAt: O.some(plus(env.clock.now(), seconds(expiresIn))),
    })
  }
  const initial = logIn()
  const config = telemetry.config({ store, key: KEY, initial, ...(observe !== undefined && { observe }) })
  const source = telemetry.tokens(openSource(pipe(refreshToken({ client }), TokenSource.make(config)), env))
  return { source, logIn, secrets }
}

/** It names a person. */
export const KEY = 'ann@example.com'
