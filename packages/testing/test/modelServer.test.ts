import { type Duration, millis, Secret, type TokenSet } from '@tessera/core'
import { type ModelServer, modelServer, type Rotation, rotations, testClock } from '@tessera/testing'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'

const GRACE: Duration = millis(1_000)
const named = rotations(GRACE).map((mode): [string, Rotation] => [JSON.stringify(mode), mode])
const withRefresh = (server: ModelServer): { readonly token: TokenSet; readonly refresh: Secret } => {
  const token = server.login()
  if (O.isNone(token.refreshToken)) throw new Error('a login brings a refresh token')
  return { token, refresh: token.refreshToken.value }
}
const text = (answer: ReturnType<ReturnType<ModelServer['redeem']>>): string =>
  E.isRight(answer) ? Secret.open(answer.right.accessToken) : 'refused'
const next = (answer: ReturnType<ReturnType<ModelServer['redeem']>>): Secret =>
  E.isRight(answer) && O.isSome(answer.right.refreshToken)
    ? answer.right.refreshToken.value
    : Secret.make('RefreshToken', 'none')

describe.each(named)('%s', (_, mode) => {
  const start = () => {
    const clock = testClock()
    return { clock, server: modelServer({ mode, clock, lifetime: millis(60_000) }) }
  }

  test('a first redemption is granted, and its token is taken by the API until it expires', async () => {
    const { clock, server } = start()
    const { refresh } = withRefresh(server)
    const answer = server.redeem(refresh)()
    if (E.isLeft(answer)) throw new Error('refused')
    expect(O.isSome(answer.right.refreshToken)).toBe(mode._tag !== 'NoRotation')
    expect(server.use(answer.right.accessToken)()).toBe(true)
    await clock.advance(millis(60_000))
    expect(server.use(answer.right.accessToken)()).toBe(false)
  })

  test('an unknown token is refused, and revoking it is no error', () => {
    const { server } = start()
    const unknown = Secret.make('RefreshToken', 'unknown')
    expect(text(server.redeem(unknown)())).toBe('refused')
    expect(server.use(unknown)()).toBe(false)
    server.revoke(unknown)()
    expect(server.counts()).toMatchObject({ refused: 1, revoked: 1, killed: 0 })
  })

  test('revoking the newest pair ends the session; revoking a rotated one does not', async () => {
    const { clock, server } = start()
    const { token, refresh } = withRefresh(server)
    const answer = server.redeem(refresh)()
    if (E.isLeft(answer)) throw new Error('refused')
    server.use(answer.right.accessToken)()
    await clock.advance(GRACE)
    server.revoke(token.accessToken)()
    expect(server.use(token.accessToken)()).toBe(false)
    if (mode._tag === 'NoRotation') return expect(server.isAlive(refresh)()).toBe(false)
    expect(server.use(answer.right.accessToken)()).toBe(true)
    server.revoke(next(answer))()
    expect(server.isAlive(refresh)()).toBe(false)
    expect(server.use(answer.right.accessToken)()).toBe(false)
    expect(text(server.redeem(next(answer))())).toBe('refused')
  })

  test('sessions are apart from each other', () => {
    const { server } = start()
    const [a, b] = [withRefresh(server), withRefresh(server)]
    server.revoke(a.refresh)()
    expect(text(server.redeem(b.refresh)())).not.toBe('refused')
    expect(server.counts().logins).toBe(2)
  })
})

describe('a repeated redemption', () => {
  const repeat = async (mode: Rotation, between: { readonly use?: true; readonly wait?: Duration }) => {
    const clock = testClock()
    const server = modelServer({ mode, clock })
    const { refresh } = withRefresh(server)
    const first = server.redeem(refresh)()
    if (between.use && E.isRight(first)) server.use(first.right.accessToken)()
    await clock.advance(between.wait ?? millis(0))
    const second = server.redeem(refresh)()
    return {
      first: text(first),
      second: text(second),
      afterwards: text(server.redeem(next(first))()),
      counts: server.counts(),
    }
  }

  test('kills the session of a strict server that does so', async () => {
    const run = await repeat({ _tag: 'Strict', killsFamily: true }, {})
    expect(run).toMatchObject({ second: 'refused', afterwards: 'refused', counts: { killed: 1, repeated: 1 } })
  })

  test('is refused by a strict server, and kills nothing where it does not', async () => {
    const run = await repeat({ _tag: 'Strict', killsFamily: false }, {})
    expect(run).toMatchObject({ second: 'refused', afterwards: 'access-3', counts: { killed: 0, repeated: 1 } })
  })

  test('brings the same pair until the new access token is used', async () => {
    const mode: Rotation = { _tag: 'GraceUntilUsed' }
    expect(await repeat(mode, { wait: millis(1e9) })).toMatchObject({ first: 'access-2', second: 'access-2' })
    expect(await repeat(mode, { use: true })).toMatchObject({ second: 'refused', afterwards: 'access-3' })
  })

  test('brings the same pair only until its refresh token is redeemed', () => {
    const server = modelServer({ mode: { _tag: 'GraceUntilUsed' }, clock: testClock() })
    const { refresh } = withRefresh(server)
    server.redeem(next(server.redeem(refresh)()))()
    expect(text(server.redeem(refresh)())).toBe('refused')
  })

  test('brings another pair for a time, used or not, and then kills', async () => {
    const mode: Rotation = { _tag: 'GraceFor', grace: GRACE }
    expect(await repeat(mode, { use: true, wait: millis(999) })).toMatchObject({
      second: 'access-3',
      afterwards: 'access-4',
    })
    expect(await repeat(mode, { wait: millis(1_000) })).toMatchObject({ second: 'refused', counts: { killed: 1 } })
  })

  test('is nothing special without rotation', async () => {
    const run = await repeat({ _tag: 'NoRotation' }, { use: true, wait: millis(1e9) })
    expect(run).toMatchObject({ second: 'access-3', counts: { repeated: 0, redeemed: 2, killed: 0 } })
  })
})

describe('as strategy and revoker', () => {
  const attempt = (previous: O.Option<TokenSet>) => ({
    previous,
    deadline: testClock().now(),
    signal: new AbortController().signal,
  })

  test('the request arrives when the wire says so', async () => {
    const server = modelServer({ mode: { _tag: 'Strict', killsFamily: true }, clock: testClock() })
    const { token } = withRefresh(server)
    let deliver: () => void = () => undefined
    const gate = new Promise<void>((resolve) => {
      deliver = resolve
    })
    const slow = server.refreshing((call) => async () => {
      await gate
      return call()
    })
    const answer = slow(attempt(O.some(token)))({})()
    expect(server.counts().redeemed).toBe(0)
    deliver()
    expect(E.isRight(await answer)).toBe(true)
    expect(server.counts().redeemed).toBe(1)
  })

  test('without rotation the refresh token stays', async () => {
    const server = modelServer({ mode: { _tag: 'NoRotation' }, clock: testClock() })
    const { token, refresh } = withRefresh(server)
    const answer = await server.refreshing()(attempt(O.some(token)))({})()
    expect(E.isRight(answer) && O.isSome(answer.right.refreshToken) && answer.right.refreshToken.value).toBe(refresh)
  })

  test('there is nothing to redeem without a refresh token', async () => {
    const server = modelServer({ mode: { _tag: 'NoRotation' }, clock: testClock() })
    const none = await server.refreshing()(attempt(O.none))({})()
    const accessOnly = await server.refreshing()(attempt(O.some(server.issue())))({})()
    expect(none).toMatchObject({ left: { _tag: 'NotApplicable' } })
    expect(accessOnly).toMatchObject({ left: { _tag: 'NotApplicable' } })
    expect(server.counts().refused).toBe(0)
  })

  test('a revoke ends the session', async () => {
    const clock = testClock()
    const server = modelServer({ mode: { _tag: 'Strict', killsFamily: true }, clock })
    const { token, refresh } = withRefresh(server)
    await server.revoking()(token)({ deadline: clock.now(), signal: new AbortController().signal })({})()
    expect(server.isAlive(refresh)()).toBe(false)
    const alone = server.issue()
    await server.revoking()(alone)({ deadline: clock.now(), signal: new AbortController().signal })({})()
    expect(server.use(alone.accessToken)()).toBe(false)
  })
})
