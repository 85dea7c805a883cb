/** Rows about what servers answer can fail: each is run with a part that is broken on purpose. */
import { AuthError, instant, plus, Secret, seconds } from '@tessera/core'
import { type NodeEnv, nodeEnv } from '@tessera/node'
import { type Http, type TokenResponseDecoder, tokenResponse } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { answersBroken, answersBrokenWith } from '../../src/faults/rows/answersBroken.js'
import { bodies, bodiesWith, type Reader } from '../../src/faults/rows/bodies.js'
import { manySessions, manySessionsWith } from '../../src/faults/rows/manySessions.js'
import { redirects, redirectsWith } from '../../src/faults/rows/redirects.js'
import { judge } from './support/judge.js'

const http = ({ http }: NodeEnv): Http => http

describe('redirects', () => {
  test('a transport that follows them is found out, by what it carries over', async () => {
    const env = (): NodeEnv => {
      const live = nodeEnv()
      const send: Http['send'] = (request) => async () => {
        const sent = await live.http.send(request)()
        const location = E.isRight(sent) ? sent.right.header('location') : O.none
        return O.isSome(location) ? live.http.send({ ...request, url: location.value })() : sent
      }
      return { ...live, http: { send } }
    }
    const { ok, findings } = await judge(redirectsWith({ env }), 30)
    expect(ok).toBe(false)
    expect(findings.secretsFound).toBeGreaterThanOrEqual(3)
    expect(findings.problems.join()).toMatch(/: a 30[1-8] was followed/)
  })

  test('the live one is not', async () => {
    expect(await judge(redirects, 30)).toMatchObject({ ok: true })
  })
})

describe('answers-broken', () => {
  const over = (change: (http: Http) => Http['send']) =>
    answersBrokenWith({ http: (env) => ({ send: change(env.http) }) })

  test('a transport that sends again redeems twice', async () => {
    const again = over(({ send }) => (request) => async () => {
      const sent = await send(request)()
      return E.isLeft(sent) && sent.left._tag === 'Lost' ? send(request)() : sent
    })
    const { ok, findings } = await judge(again, 30)
    expect(ok).toBe(false)
    expect(findings.doubleRedemptions).toBeGreaterThan(0)
  })

  test('a transport that calls a lost request not sent', async () => {
    const wrong = over(
      ({ send }) =>
        (request) =>
        async () =>
          pipe(
            await send(request)(),
            E.mapLeft((failure) => ({ ...failure, _tag: 'NotSent' as const })),
          ),
    )
    const { ok, findings } = await judge(wrong, 30)
    expect(ok).toBe(false)
    expect(findings.problems.join()).toContain('"not sent" of a request that was received')
  })

  test('a transport that does not keep to its deadline', async () => {
    const late = over(
      ({ send }) =>
        (request) =>
          send({ ...request, deadline: plus(request.deadline, seconds(3)) }),
    )
    const { ok, findings } = await judge(late, 24, true)
    expect(ok).toBe(false)
    // What a run at full scale forgives. Of the three seconds, those in which this process could not run are not the call's.
    expect(findings.maxOverdueMs).toBeGreaterThan(100)
  })
})

test('answers-broken: the live transport is not found out', async () => {
  expect(await judge(answersBroken, 24)).toMatchObject({ ok: true, findings: { problems: [] } })
})

describe('[A15] many-sessions', () => {
  test('a transport with as many connections as there are requests', async () => {
    const unbounded = manySessionsWith({ envs: [() => nodeEnv({ connections: Number.POSITIVE_INFINITY })] })
    const { ok, findings } = await judge(unbounded, 200)
    expect(ok).toBe(false)
    expect(findings.problems.join()).toMatch(/\b\d+ connections/)
  })

  test('a transport that sends what is late', async () => {
    const patient = manySessionsWith({
      envs: [
        () => {
          const env = nodeEnv()
          const send: Http['send'] = (request) =>
            env.http.send({
              ...request,
              deadline: plus(request.deadline, seconds(60)),
              signal: new AbortController().signal,
            })
          return { ...env, http: { send } }
        },
      ],
    })
    const { ok, findings } = await judge(patient, 200)
    expect(ok).toBe(false)
    expect(findings.problems.join()).toContain('a renewal was sent after its time')
  })

  test('the live ones are not found out', async () => {
    expect(await judge(manySessions, 100)).toMatchObject({ ok: true, findings: { problems: [] } })
  })
})

describe('bodies', () => {
  const decoding = (decode: TokenResponseDecoder) => bodiesWith({ decode, http })
  const real = tokenResponse()

  test('a decoder that believes any lifetime', async () => {
    const trusting = decoding((body, now) =>
      pipe(
        real(body, now),
        E.map((token) => {
          const { expires_in }: { readonly expires_in?: number } = JSON.parse(Secret.open(body))
          return { ...token, expiresAt: O.some(instant(now + Number(expires_in ?? 0) * 1_000)) }
        }),
      ),
    )
    const { ok, findings } = await judge(trusting, 500)
    expect(ok).toBe(false)
    expect(findings.problems.join()).toContain('it ends at')
  })

  test('a decoder that takes what is no JSON', async () => {
    const lenient = decoding((body, now) => real(Secret.make('Body', Secret.open(body).trim()), now))
    const { ok, findings } = await judge(lenient, 500)
    expect(ok).toBe(false)
    expect(findings.problems.join()).toContain('a bad answer was taken')
  })

  test('a decoder that quotes what it cannot read', async () => {
    const quoting = decoding((body, now) =>
      pipe(
        real(body, now),
        E.mapLeft(() =>
          AuthError.malformed({ what: 'token response', path: 'body', expected: `not ${Secret.open(body)}` }),
        ),
      ),
    )
    const { ok, findings } = await judge(quoting, 500)
    expect(ok).toBe(false)
    expect(findings.secretsFound).toBeGreaterThan(0)
    // The problem itself is for people.
    expect(findings.problems.join()).not.toMatch(/(access|refresh|client)-\w{24}/)
  })

  test('a transport that reads too much', async () => {
    const unbounded = bodiesWith({
      decode: real,
      http: (env) => ({ send: (request) => env.http.send({ ...request, maxBytes: 1_048_576 }) }),
    })
    const { ok, findings } = await judge(unbounded, 500)
    expect(ok).toBe(false)
    expect(findings.problems).toContain('over a socket: a byte too many: a bad answer was taken')
  })

  test.each<[string, Reader, string]>([
    [
      'that throws where it is nested too deep',
      (text) => E.right(JSON.stringify(JSON.parse(Secret.open(text)))),
      'reader 0 threw: RangeError',
    ],
    [
      'that names each wrong member',
      (text) => {
        const places = Secret.open(text)
          .split(',')
          .map((_, place) => place)
        return E.left(AuthError.storeFailed('decode', places.join()))
      },
      'an error of reader 0 has',
    ],
  ])('[A12] a reader %s', async (_, reader, problem) => {
    const { ok, findings } = await judge(bodiesWith({ decode: real, http, readers: [reader] }), 500)
    expect(ok).toBe(false)
    expect(findings.problems.join()).toContain(problem)
  })

  test('the real ones are not found out', async () => {
    expect(await judge(bodies, 200)).toMatchObject({ ok: true, findings: { problems: [] } })
  })
})
