/**
 * The counts as Prometheus reads them (text format 0.0.4).
 */
import type { Instant } from '@tessera/core'
import type { Counts } from '../Tally.js'

/** A session whose token's end is known. */
export interface Expiring {
  readonly profile: string
  readonly expiresAt: Instant
}

type Labels = Readonly<Record<string, string>>
type Sample = readonly [labels: Labels, value: number]

const escaped = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')

const line = (name: string, [labels, value]: Sample): string => {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`
}

const family = (
  name: string,
  type: 'counter' | 'gauge',
  help: string,
  samples: ReadonlyArray<Sample>,
): ReadonlyArray<string> => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...samples.map((of) => line(name, of))]

/** Of the process: when it began, its memory in bytes, its processor time in s. */
interface Usage {
  readonly startedAt: Instant
  readonly memory: number
  readonly cpu: number
}

/** The text. */
export const metrics = (
  counts: ReadonlyArray<Counts>,
  expiring: ReadonlyArray<Expiring>,
  { startedAt, memory, cpu }: Usage,
): string => {
  const each = (of: (counts: Counts) => number): ReadonlyArray<Sample> =>
    counts.map((one) => [{ profile: one.profile }, of(one)])
  const all = [
    family(
      'tessera_broker_requests_total',
      'counter',
      'Requests for a token, by their outcome.',
      counts.flatMap(({ profile, outcomes }) =>
        [...outcomes].map(([outcome, count]): Sample => [{ profile, outcome }, count]),
      ),
    ),
    family(
      'tessera_broker_renewals_total',
      'counter',
      'Renewals, by their outcome.',
      counts.flatMap(
        ({ profile, renewed, failed }): ReadonlyArray<Sample> => [
          [{ profile, outcome: 'renewed' }, renewed],
          [{ profile, outcome: 'failed' }, failed],
        ],
      ),
    ),
    family(
      'tessera_broker_refusals_total',
      'counter',
      'Tokens that a program said were refused.',
      each((of) => of.refused),
    ),
    family(
      'tessera_broker_token_expires_timestamp_seconds',
      'gauge',
      'When the token that is held expires.',
      expiring.map(({ profile, expiresAt }): Sample => [{ profile }, expiresAt / 1_000]),
    ),
    family('process_start_time_seconds', 'gauge', 'When the broker began.', [[{}, startedAt / 1_000]]),
    family('process_cpu_seconds_total', 'counter', 'Processor time that the broker has taken.', [[{}, cpu]]),
    family('process_resident_memory_bytes', 'gauge', 'Memory that the broker takes.', [[{}, memory]]),
  ]
  return `${all.flat().join('\n')}\n`
}
