import type { Fault } from '../src/index.js'
import { api, ask, post, raw, refresh, said, secrets, token, withBox } from './support.js'

const failure = (request: Promise<unknown>): Promise<string> =>
  request.then(
    () => 'answered',
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  )

describe('faults', () => {
  it(
    'status: 429 with Retry-After in seconds, as a date and as rubbish; 5xx; an empty 409; a redirect',
    withBox(async (box) => {
      const { refreshToken } = box.issue()
      const date = new Date(1_800_000_030_000)
      const faults: ReadonlyArray<readonly [Omit<Extract<Fault, { kind: 'status' }>, 'kind'>, string | undefined]> = [
        [{ status: 429, retryAfter: 7 }, '7'],
        [{ status: 429, retryAfter: date }, date.toUTCString()],
        [{ status: 429, retryAfter: 'soon, I hope' }, 'soon, I hope'],
        [{ status: 500 }, undefined],
        [{ status: 502 }, undefined],
        [{ status: 503, retryAfter: 0 }, '0'],
        [{ status: 504 }, undefined],
      ]
      for (const [fault, retryAfter] of faults) {
        box.faults.next({ kind: 'status', endpoint: 'token', ...fault })
        const answer = await refresh(box, refreshToken)
        expect([answer.status, answer.headers['retry-after']]).toEqual([fault.status, retryAfter])
        expect(JSON.parse(answer.text)).toMatchObject({ type: 'error', status: fault.status })
        expect(answer.headers['date']).toBe(new Date(1_800_000_000_000).toUTCString())
      }
      box.faults.next({ kind: 'status', status: 409 })
      expect(await refresh(box, refreshToken)).toMatchObject({ status: 409, text: '' })
      box.faults.next({
        kind: 'status',
        status: 307,
        headers: { location: 'https://evil.example/', date: 'yesterday' },
      })
      expect((await refresh(box, refreshToken)).headers).toMatchObject({
        location: 'https://evil.example/',
        date: 'yesterday',
      })
      box.faults.next({ kind: 'status', status: 200, body: '{"access_token":1}' })
      expect((await refresh(box, refreshToken)).text).toBe('{"access_token":1}')
      expect(box.redemptionsOf(refreshToken)).toMatchObject({ attempts: 0 })
      box.faults.next({ kind: 'status', status: 503, processed: true })
      expect((await refresh(box, refreshToken)).status).toBe(503)
      expect(box.redemptionsOf(refreshToken)).toMatchObject({ honoured: 1 })
    }),
  )

  it(
    'reset before: nothing happened; reset after: it did, and the answer is lost',
    withBox(async (box) => {
      const { refreshToken } = box.issue()
      box.faults.next({ endpoint: 'token', kind: 'reset-before' })
      expect(await failure(refresh(box, refreshToken))).toBe('ECONNRESET')
      expect(box.counts().redeemed).toBe(0)
      box.faults.next({ endpoint: 'token', kind: 'reset-after' })
      expect(await failure(refresh(box, refreshToken))).toBe('ECONNRESET')
      expect(box.counts().redeemed).toBe(1)
      expect((await refresh(box, refreshToken)).status).toBe(200)
      expect(box.counts().repeated).toBe(1)
    }),
  )

  it(
    'reset, close and truncation in the middle of the body',
    withBox(async (box) => {
      const { refreshToken } = box.issue()
      for (const kind of ['reset-midway', 'closed-midway'] as const) {
        box.faults.next({ endpoint: 'token', kind })
        expect(await failure(refresh(box, refreshToken))).toBe('ECONNRESET')
      }
      box.faults.next({ endpoint: 'token', kind: 'truncated' })
      const cut = await refresh(box, refreshToken)
      expect(cut.status).toBe(200)
      expect(() => JSON.parse(cut.text)).toThrow(SyntaxError)
      expect(box.counts()).toMatchObject({ redeemed: 1, repeated: 2, faults: 3 })
    }),
  )

  it(
    'hang before and after: no answer, until the client or close ends it',
    withBox(async (box) => {
      const { refreshToken } = box.issue()
      for (const kind of ['hang-before', 'hang-after'] as const) {
        box.faults.next({ endpoint: 'token', kind })
        const arrived = box.gate('token', { at: 'after' })
        const hung = failure(refresh(box, refreshToken))
        await arrived.arrived
        arrived.open()
        expect(box.counts().redeemed).toBe(kind === 'hang-before' ? 0 : 1)
        if (kind === 'hang-after') await box.close()
        if (kind === 'hang-after') expect(await hung).toBe('ECONNRESET')
      }
    }),
  )

  it(
    'html, latency and drip',
    withBox(async (box) => {
      const { refreshToken } = box.issue()
      box.faults.next({ endpoint: 'token', kind: 'html' })
      const page = await refresh(box, refreshToken)
      expect([page.status, page.headers['content-type'], page.text.slice(0, 15)]).toEqual([
        200,
        'text/html; charset=utf-8',
        '<!doctype html>',
      ])
      expect(box.counts().redeemed).toBe(0)
      box.faults.next({ endpoint: 'token', kind: 'latency', ms: 1 })
      expect((await refresh(box, refreshToken)).status).toBe(200)
      box.faults.next({ endpoint: 'token', kind: 'drip', ms: 0 })
      expect(said(await refresh(box, refreshToken))).toMatchObject({ token_type: 'bearer' })
    }),
  )

  it(
    'meet only the endpoint and grant that they are for, in order, as often as asked',
    withBox(async (box) => {
      const { accessToken, refreshToken } = box.issue()
      box.faults.next({ endpoint: 'token', grantType: 'refresh_token', kind: 'status', status: 500, times: 2 })
      box.faults.next({ endpoint: 'token', kind: 'status', status: 502 })
      box.faults.next({ endpoint: 'api', kind: 'status', status: 503, times: Number.POSITIVE_INFINITY })
      const credentials = { grant_type: 'client_credentials', box_subject_type: 'enterprise', box_subject_id: '4242' }
      expect((await token(box, credentials)).status).toBe(502)
      expect((await token(box, credentials)).status).toBe(200)
      const refreshes = [
        await refresh(box, refreshToken),
        await refresh(box, refreshToken),
        await refresh(box, refreshToken),
      ]
      expect(refreshes.map((one) => one.status)).toEqual([500, 500, 200])
      expect((await api(box, '/users/me', accessToken)).status).toBe(503)
      expect((await post(box.endpoints.revoke, { ...secrets(box), token: 'x' })).status).toBe(200)
      box.faults.clear()
      expect((await api(box, '/users/me', accessToken)).status).toBe(200)
      expect(box.faults.pending()).toBe(0)
      expect(box.requests().map(({ fault, status }) => [fault, status])).toEqual([
        ['status', 502],
        [null, 200],
        ['status', 500],
        ['status', 500],
        [null, 200],
        ['status', 503],
        [null, 200],
        [null, 200],
      ])
    }),
  )
})

describe('gates', () => {
  it(
    'hold requests before they are processed, and let them go one by one',
    withBox(
      async (box) => {
        const { refreshToken } = box.issue()
        const gate = box.gate('token')
        const racing = [refresh(box, refreshToken), refresh(box, refreshToken), refresh(box, refreshToken)]
        await gate.arrivals(3)
        expect([gate.held(), box.counts().redeemed]).toEqual([3, 0])
        expect(gate.pass()).toBe(true)
        await Promise.race(racing)
        expect(box.counts().redeemed).toBe(1)
        gate.open()
        const statuses = (await Promise.all(racing)).map((one) => one.status)
        expect(statuses.filter((status) => status === 200)).toHaveLength(1)
        expect(gate.pass()).toBe(false)
        expect((await ask(box.endpoints.metadata)).status).toBe(200)
      },
      { rotation: 'strict' },
    ),
  )

  it(
    'hold the answer of a request that was processed',
    withBox(async (box) => {
      const { refreshToken } = box.issue()
      const gate = box.gate('token', { at: 'after', grantType: 'refresh_token' })
      const travelling = refresh(box, refreshToken)
      await gate.arrived
      expect(box.counts().redeemed).toBe(1)
      expect(box.requests().at(-1)).toMatchObject({ status: null })
      gate.open()
      expect((await travelling).status).toBe(200)
    }),
  )

  it(
    'process a request whose client has left',
    withBox(async (box) => {
      const { refreshToken } = box.issue()
      const before = box.gate('token')
      const after = box.gate('token', { at: 'after' })
      const form = new URLSearchParams({ ...secrets(box), grant_type: 'refresh_token', refresh_token: refreshToken })
      const { host } = new URL(box.url)
      const sent = raw(
        box,
        `POST /oauth2/token HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${form.toString().length}\r\n\r\n${form}`,
      )
      await before.arrived
      before.open()
      await after.arrived
      after.open()
      await sent
      expect(box.counts().redeemed).toBe(1)
    }),
  )
})
