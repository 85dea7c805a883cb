import { AuthError, seconds } from '@tessera/core'
import { run } from '@tessera/node'
import * as O from 'fp-ts/lib/Option.js'
import { refusalOf } from '../src/index.js'
import { ask, type Said, withBroker } from './support.js'

const HOUR = 3_600_000

const tokenIn = ({ status, body }: Said): string => {
  expect(status).toBe(200)
  return JSON.parse(body).access_token
}

/** An answer of a token endpoint, rejected. */
const rejected = (status: number): AuthError =>
  AuthError.rejected({
    method: 'POST',
    url: 'https://as.example/token',
    status,
    error: O.some('invalid_grant'),
    description: O.none,
    requestId: O.none,
    date: O.none,
    retryAfter: status === 429 ? O.some(seconds(7)) : O.none,
  })

it('says each error of a source by a code', () => {
  const unreachable = AuthError.unreachable('https://as.example/token', 'no address')
  const about = { url: 'x', reason: 'reset', answer: O.none, repeatable: true }
  for (const [error, status, code] of [
    [AuthError.reauthenticationRequired('revoked'), 403, 'login_required'],
    [rejected(400), 502, 'refused'],
    [rejected(429), 503, 'throttled'],
    [unreachable, 503, 'unreachable'],
    [AuthError.outcomeUnknown(about), 502, 'no_answer'],
    [AuthError.timedOut('the store'), 504, 'timed_out'],
    [AuthError.storeFailed('get', 'full'), 503, 'store_failed'],
    [AuthError.misconfigured('clientId', 'missing'), 500, 'misconfigured'],
    [AuthError.malformed({ what: 'answer', path: '', expected: 'JSON' }), 502, 'refused'],
    [AuthError.closed, 503, 'ending'],
    [AuthError.semigroup.concat(unreachable, rejected(400)), 502, 'refused'],
  ] as const) {
    expect(refusalOf(error)).toMatchObject({ status, error: code })
  }
  expect(refusalOf(rejected(429)).retryAfter).toBe(7_000)
})

describe('a broker', () => {
  it(
    'gives a token to a hundred at once by one request, and nothing else that came with it',
    withBroker(async ({ get, origin, broker }) => {
      const heard: string[] = []
      broker.events.listen((happening) => heard.push(JSON.stringify(happening)))
      const all = await Promise.all(Array.from({ length: 100 }, () => get('/token?profile=work')))
      expect(new Set(all.map(tokenIn))).toEqual(new Set(['access-1']))
      expect(origin.count()).toBe(1)
      const given = JSON.parse(all[0]?.body ?? '')
      expect(given).toEqual({
        access_token: 'access-1',
        token_type: 'bearer',
        expires_at: expect.any(String),
        issued_at: expect.any(String),
        scope: ['read'],
        profile: 'work',
      })
      expect(Date.parse(given.expires_at) - Date.parse(given.issued_at)).toBe(HOUR)
      expect(all[0]?.headers['cache-control']).toBe('no-store')

      const others = await Promise.all(['/sessions', '/metrics', '/health', '/nothing'].map(get))
      const said = [...others.map(({ body }) => body), ...heard].join('\n')
      for (const secret of ['access-1', 'refresh-1', 'id-1']) expect(said).not.toContain(secret)
      expect(said).toContain('renewed')
      expect(all.map(({ body }) => body).join()).not.toMatch(/refresh-1|id-1/)
    }),
  )

  it(
    'renews once for all who say that a token was refused',
    withBroker(async ({ get, post, origin }) => {
      const access_token = tokenIn(await get('/token'))
      const told = await Promise.all(
        Array.from({ length: 20 }, () => post('/refused', { profile: 'work', access_token })),
      )
      expect(told.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 204))
      expect(told[0]?.headers['content-length']).toBeUndefined()
      const next = await Promise.all(Array.from({ length: 20 }, () => get('/token')))
      expect(new Set(next.map(tokenIn))).toEqual(new Set(['access-2']))
      expect(origin.count()).toBe(2)
      // One that nobody holds any more changes nothing.
      await post('/refused', { access_token })
      expect(tokenIn(await get('/token'))).toBe('access-2')
    }),
  )

  it(
    'renews first for who needs a token that lives longer',
    withBroker(async ({ get, origin }) => {
      origin.lifetime(60, 40)
      expect(tokenIn(await get('/token'))).toBe('access-1')
      expect(tokenIn(await get('/token?min_valid=15'))).toBe('access-1')
      origin.lifetime(60)
      const all = await Promise.all(Array.from({ length: 20 }, () => get('/token?min_valid=30')))
      expect(new Set(all.map(tokenIn))).toEqual(new Set(['access-2']))
      expect(origin.count()).toBe(2)
    }),
  )

  it(
    'says what is wrong in words that a program can read',
    withBroker(async ({ get, post, origin, path }) => {
      const errorOf = ({ status, body }: Said) => [status, JSON.parse(body).error]
      expect(errorOf(await get('/token?profile=home'))).toEqual([404, 'unknown_profile'])
      expect(errorOf(await get('/token?min_valid=soon'))).toEqual([400, 'invalid_request'])
      expect(errorOf(await get('/'))).toEqual([404, 'not_found'])
      expect(errorOf(await ask({ socketPath: path }, '/token', { method: 'DELETE' }))).toEqual([404, 'not_found'])
      expect(errorOf(await post('/refused', { token: 'x' }))).toEqual([400, 'invalid_request'])

      origin.failWith(AuthError.reauthenticationRequired('revoked'))
      const refused = await get('/token')
      expect(errorOf(refused)).toEqual([403, 'login_required'])
      expect(JSON.parse(refused.body)).toMatchObject({ reason: 'revoked', error_description: expect.any(String) })
    }),
  )

  it(
    'counts who asked and what they got',
    withBroker(async ({ path, get, origin, broker }) => {
      const as = (name: string) => ask({ socketPath: path }, '/token', { headers: { 'user-agent': name } })
      await as('terraform/1.9')
      await as('terraform/1.9')
      await as('<script>\u00e9')
      origin.failWith(AuthError.unreachable('https://as.example', 'no address'))
      const { body } = await get('/metrics')
      expect(body).toContain('tessera_broker_requests_total{profile="work",outcome="served"} 3')
      expect(body).toContain('tessera_broker_renewals_total{profile="work",outcome="renewed"} 1')
      expect(body).toMatch(/^tessera_broker_token_expires_timestamp_seconds\{profile="work"\} \d+/m)
      // Each line is a comment or a sample of the text format.
      for (const line of body.trimEnd().split('\n')) {
        expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"\n]*",?)*\})? [\d.e+-]+)$/)
      }
      const { sessions } = JSON.parse((await get('/sessions')).body)
      expect(sessions).toMatchObject([
        { profile: 'work', state: 'valid', refresh_token: true, asked: { served: 3 }, renewed: 1, failed: 0 },
      ])
      expect(
        sessions[0].askers.map(({ name, count }: { name: string; count: number }) => [name, count]).sort(),
      ).toEqual([
        ['script', 1],
        ['terraform/1.9', 2],
      ])
      // However many names there are, they take no more room.
      for (let at = 0; at < 200; at += 1) broker.tally.asked('work', `one-${at}`, 'served')
      expect(broker.tally.of('work').askers.length).toBeLessThan(40)
      expect(broker.tally.of('work').minutes.length).toBeLessThanOrEqual(60)
    }),
  )

  it(
    'tells what happens as events, to so many at most',
    withBroker(async ({ path, post, get, broker }) => {
      const { request } = await import('node:http')
      const [events, said] = await new Promise<[{ destroy: () => void }, string]>((resolve, reject) => {
        const sent = request({ socketPath: path, path: '/events', agent: false }, (response) => {
          expect(response.headers['content-type']).toBe('text/event-stream')
          let text = ''
          response.setEncoding('utf8').on('data', (chunk: string) => {
            if (text === '') void get('/token').then(({ body }) => post('/refused', JSON.parse(body)))
            text += chunk
            if (text.includes('event: refused')) resolve([sent, text])
          })
        })
        sent.on('error', reject).end()
      })
      expect(said).toMatch(/event: renewed\ndata: \{"at":"[^"]+","profile":"work","expires_at":"[^"]+"\}\n\n/)
      expect(said).not.toMatch(/access-|refresh-1/)
      events.destroy()
      const stops = Array.from({ length: 40 }, () => broker.events.listen(() => undefined))
      expect(stops.filter(O.isSome).length).toBeLessThanOrEqual(32)
      for (const stop of stops) if (O.isSome(stop)) stop.value()
      expect(O.isSome(broker.events.listen(() => undefined))).toBe(true)
    }),
  )

  it(
    'ends beside one that reads no events, and tells it no more',
    withBroker(async ({ path, broker, server }) => {
      const { connect } = await import('node:net')
      const stalled = connect(path)
      stalled.on('error', () => undefined).write('GET /events HTTP/1.1\r\nHost: broker\r\n\r\n')
      await new Promise((resolve) => stalled.once('readable', resolve))
      // More than the kernel keeps for it, less than what it may leave unread.
      for (let at = 0; at < 300; at += 1) broker.events.note('work', 'x'.repeat(1_024))
      const ended = server.end()
      broker.events.note('work', 'over')
      const stops = Array.from({ length: 32 }, () => broker.events.listen(() => undefined))
      expect(stops.every(O.isSome)).toBe(true)
      await new Promise((resolve) => setImmediate(resolve))
      stalled.destroy()
      await ended
    }),
  )

  it(
    'takes a login in that was made meanwhile',
    withBroker(async ({ get, origin, source, env }) => {
      origin.failWith(AuthError.reauthenticationRequired('nothing to redeem'))
      expect((await get('/token')).status).toBe(403)
      origin.failWith(null)
      await run(source.login(origin.strategy)(env))
      expect(tokenIn(await get('/token'))).toMatch(/^access-/)
    }),
  )
})
