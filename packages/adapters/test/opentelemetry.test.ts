import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { AuthError, memoryStore, Secret, type TokenSource, type TokenStore } from '@tessera/core'
import { run } from '@tessera/node'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import pino from 'pino'
import { logged } from '../src/logging.js'
import { KEY, type Observing, observing, openObserved, samplesOf } from './support/observed.js'
import { openRig, type Rig } from './support/rig.js'

/** A store that fails as long as it is told to. */
const failing = (store: TokenStore): TokenStore & { fails: boolean } => {
  const of = {
    ...store,
    fails: false,
    get: (key: string) => (of.fails ? TE.left(AuthError.storeFailed('get', 'it is down')) : store.get(key)),
  }
  return of
}

const withRig = async (test: (rig: Rig, observed: Observing) => Promise<void>): Promise<void> => {
  const rig = await openRig()
  try {
    await test(rig, observing(rig))
  } finally {
    await rig.close()
  }
}

const textOf = (source: TokenSource): string =>
  O.match(
    () => '',
    ({ accessToken }: { readonly accessToken: Secret }) => Secret.open(accessToken),
  )(source.peek())

test('1000 callers at the end of a token: one renewal, 999 joined, all of them waited and were served', () =>
  withRig(async (rig, observed) => {
    const { source } = openObserved(rig, observed, memoryStore())
    const { value, spans } = observed
    await run(source.get)
    await run(source.get)
    expect(await value('tessera_tokens_served_total')).toBe(2)
    rig.expire()
    await Promise.all(Array.from({ length: 1_000 }, () => run(source.get)))
    expect(await value('tessera_tokens_served_total')).toBe(1_002)
    expect(await value('tessera_callers_joined_total')).toBe(999)
    expect(await value('tessera_token_wait_duration_count')).toBe(1_000)
    expect(await value('tessera_token_time_to_expiry_count')).toBe(1_002)
    expect(await value('tessera_token_time_to_expiry_bucket', { le: '1800' })).toBe(0)
    expect(await value('tessera_renewal_duration_count', { tessera_renewal_outcome: 'renewed' })).toBe(1)
    const [span] = spans()
    expect(spans()).toHaveLength(1)
    expect(span?.name).toBe('tessera.renewal')
    expect(span?.events.map(({ name }) => name)).toEqual(['tessera.renewal.requesting'])
    expect(span?.attributes).toEqual({
      'tessera.session.key_hash': expect.stringMatching(/^[0-9a-f]{16}$/),
      'tessera.renewal.outcome': 'renewed',
      'tessera.session.epoch': 1,
      'tessera.session.generation': 2,
    })
    await run(source.close({ revoke: false }))
  }))

test('who waits for another holder has a span of that, which ends when it is answered', () =>
  withRig(async (rig, observed) => {
    const store = memoryStore()
    const first = openObserved(rig, observing(rig), store).source
    let isWaiting: () => void = () => undefined
    const waits = new Promise<void>((resolve) => {
      isWaiting = resolve
    })
    const second = openObserved(rig, observed, store, ({ _tag }) => _tag === 'Waiting' && isWaiting()).source
    await run(first.get)
    await run(second.get)
    rig.expire()
    const gate = rig.server.gate('token')
    const renewing = run(first.get)
    await gate.arrived
    const waiting = run(second.get)
    await waits
    gate.open()
    await Promise.all([renewing, waiting])
    expect(textOf(second)).toBe(textOf(first))
    expect(await observed.value('tessera_renewal_duration_count', { tessera_renewal_outcome: 'another_holder' })).toBe(
      1,
    )
    expect(observed.spans().map(({ events }) => events.map(({ name }) => name))).toEqual([['tessera.renewal.waiting']])
    await run(first.close({ revoke: false }))
    await run(second.close({ revoke: false }))
  }))

/** All that can happen to a session, in one run. */
const live = async (rig: Rig, observed: Observing, logger: Parameters<typeof logged>[0]) => {
  const store = failing(memoryStore())
  const { source, logIn, secrets: issued } = openObserved(rig, observed, store, logged(logger))
  const secrets = new Set<string>()
  const note = (): void => {
    const held = source.peek()
    if (O.isNone(held)) return
    secrets.add(Secret.open(held.value.accessToken))
    if (O.isSome(held.value.refreshToken)) secrets.add(Secret.open(held.value.refreshToken.value))
  }
  await run(source.get)
  note()
  rig.expire()
  await run(source.get)
  note()
  rig.pass(2_000)
  await run(source.invalidate((await run(source.get)).accessToken))
  await run(source.get)
  note()
  rig.expire()
  store.fails = true
  expect(E.isLeft(await source.get())).toBe(true)
  store.fails = false
  rig.pass(60_000)
  const [refresh = ''] = [...secrets].reverse()
  const description = `the refresh token ${refresh} is not known`
  const body = JSON.stringify({ error: 'invalid_grant', error_description: description })
  rig.server.faults.next({ kind: 'status', status: 400, body, endpoint: 'token' })
  await Promise.all(Array.from({ length: 3 }, () => source.get()))
  const needing = await observed.value('tessera_sessions_login_required')
  await run(source.adopt(logIn()))
  const after = await observed.value('tessera_sessions_login_required')
  await run(source.close({ revoke: false }))
  return { secrets: [...secrets, ...issued], needing, after }
}

const spansText = ({ spans }: Observing): string =>
  inspect(
    spans().map(({ name, attributes, events, status }) => ({ name, attributes, events, status })),
    { depth: 8, maxStringLength: null },
  )

const found = (secrets: ReadonlyArray<string>, text: string): ReadonlyArray<string> =>
  secrets.filter((secret) => Secret.forms(secret).some((form) => text.includes(form)))

/** Exported text, spans and log lines of one life. */
const lifeOf = async (rig: Rig, observed: Observing) => {
  const lines: string[] = []
  const life = await live(rig, observed, pino({ level: 'debug' }, { write: (line: string) => lines.push(line) }))
  return { ...life, metrics: await observed.text(), spans: spansText(observed), log: lines.join('') }
}

test('metrics, spans and log lines tell of a whole life, without a secret and without a key', () =>
  withRig(async (rig, observed) => {
    const { secrets, needing, after, metrics: text, spans, log } = await lifeOf(rig, observed)
    expect({ needing, after }).toEqual({ needing: 1, after: 0 })
    expect(secrets.length).toBeGreaterThan(5)
    for (const sink of [text, spans, log]) {
      expect(found([...secrets, KEY], sink)).toEqual([])
      expect(sink.length).toBeGreaterThan(500)
    }
    // What the server has said is there, without the token that it echoed.
    for (const sink of [spans, log]) expect(sink).toContain('the refresh token <redacted> is not known')
    expect(log).toContain('tessera: LoginRequired')
    expect(await observed.value('tessera_store_errors_total', { tessera_store_operation: 'get' })).toBeGreaterThan(0)
    expect(await observed.value('tessera_session_events_total', { tessera_event: 'Refused' })).toBe(1)
  }))

test('secrets that are planted are found', () =>
  withRig(async (rig) => {
    const planted = 'planted~secret/+'
    const observed = observing(rig, () => planted)
    const { source } = openObserved(rig, observed, memoryStore())
    rig.expire()
    await run(source.get)
    expect(found([planted], spansText(observed))).toEqual([planted])
    const lines: string[] = []
    logged(pino({}, { write: (line: string) => lines.push(line) }), { hash: encodeURIComponent })({
      key: planted,
      _tag: 'Revoked',
    })
    expect(found([planted], lines.join(''))).toEqual([planted])
    await run(source.close({ revoke: false }))
  }))

test('the console is a logger', () => {
  const said: unknown[] = []
  const write = (...words: ReadonlyArray<unknown>) => void said.push(words)
  logged({ ...console, warn: write })({ key: KEY, _tag: 'RenewalFailed', error: AuthError.closed })
  expect(said).toEqual([
    [{ session: expect.stringMatching(/^[0-9a-f]{16}$/), error: 'the source is closed' }, 'tessera: RenewalFailed'],
  ])
})

const DOCS = join(__dirname, '../../../docs')

test('the page lists what is exported: each metric, and which attributes it may have', () =>
  withRig(async (rig, observed) => {
    const samples = samplesOf((await lifeOf(rig, observed)).metrics)
    const rows = readFileSync(join(DOCS, 'telemetry.md'), 'utf8').matchAll(
      /^\| `(tessera\.[\w.]+)` +\| (counter|histogram|up-down counter) +\|[^|]*\|([^|]*)\|$/gm,
    )
    const underscored = (name: string) => name.replaceAll('.', '_')
    const listed = new Map(
      Array.from(rows, ([, name = '', kind = '', attributes = '']) => [
        `${underscored(name)}${kind === 'counter' ? '_total' : ''}`,
        [...attributes.matchAll(/`([^`]+)`/g)].map(([, attribute = '']) => underscored(attribute)),
      ]),
    )
    const metricOf = (name: string) => name.replace(/_(?:bucket|count|sum)$/, '')
    expect(new Set(samples.map(({ name }) => metricOf(name)))).toEqual(new Set(listed.keys()))
    for (const { name, labels } of samples) {
      const others = Object.keys(labels).filter(
        (label) => label !== 'le' && !listed.get(metricOf(name))?.includes(label),
      )
      expect({ name, others }).toEqual({ name, others: [] })
    }
  }))

describe('the dashboard', () => {
  const dashboard = readFileSync(join(DOCS, 'telemetry/grafana.json'), 'utf8')
  const queries: ReadonlyArray<string> = JSON.parse(dashboard).panels.flatMap(
    ({ targets }: { readonly targets: ReadonlyArray<{ readonly expr: string }> }) => targets.map(({ expr }) => expr),
  )
  const metricsOf = (query: string) => query.replace(/by \([^)]*\)/g, '').match(/\btessera_\w+/g) ?? []
  /** Those that samples are grouped by, or chosen by. */
  const labelsOf = (query: string) => [
    ...[...query.matchAll(/by \(([^)]*)\)/g)].flatMap(([, labels = '']) => labels.split(/, */)),
    ...[...query.matchAll(/(\w+)(?:=|!=|=~|!~)"/g)].map(([, label = '']) => label),
  ]

  test('asks for what is exported, and for all of it', () =>
    withRig(async (rig, observed) => {
      const samples = samplesOf((await lifeOf(rig, observed)).metrics)
      const labels = (metric: string) =>
        samples.filter(({ name }) => name === metric).flatMap((of) => Object.keys(of.labels))
      expect(queries.length).toBeGreaterThan(9)
      for (const query of queries) {
        const [metric = 'none'] = metricsOf(query)
        expect({ query, isExported: samples.some(({ name }) => name === metric) }).toEqual({ query, isExported: true })
        expect({ query, strangers: labelsOf(query).filter((label) => !labels(metric).includes(label)) }).toEqual({
          query,
          strangers: [],
        })
      }
      const base = (metric: string) => metric.replace(/_(?:bucket|count|sum)$/, '')
      const asked = new Set(queries.flatMap(metricsOf).map(base))
      expect([...new Set(samples.map(({ name }) => base(name)))].filter((name) => !asked.has(name))).toEqual([])
    }))
})
