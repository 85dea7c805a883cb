/**
 * Tokens that are bound to a key, through both doors, at an API that checks each proof.
 */
import { createHash, createPublicKey, verify } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { AuthError, type Limits, Secret, type TokenSet, type Tokens } from '@tessera/core'
import { type DpopOptions, dpop } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { Agent, interceptors } from 'undici'
import { authenticated, authenticatedFetch, generateDpopKey } from '../src/index.js'
import { type Served, serve } from './support/servers.js'
import { type Script, type Scripted, scripted } from './support/tokens.js'

const closing: Array<() => Promise<void>> = []
afterEach(() => Promise.all(closing.splice(0).map((close) => close())))

const KEY = generateDpopKey()()

/** Scripted tokens that are bound to a key. */
const boundTo = (jkt: (text: string) => string | undefined, script: Script = {}): Scripted => {
  const tokens = scripted(script)
  const bind = (token: TokenSet): TokenSet => {
    const bound = jkt(Secret.open(token.accessToken))
    return bound === undefined ? token : { ...token, tokenType: 'DPoP', jkt: O.some(bound) }
  }
  const bindAll = (of: Tokens): Tokens => ({
    ...of,
    get: async () => E.map(bind)(await of.get()),
    within: (limits: Limits) => bindAll(of.within(limits)),
  })
  return { ...tokens, ...bindAll(tokens) }
}

const partOf = (jwt: string, part: number): Record<string, unknown> =>
  JSON.parse(Buffer.from(jwt.split('.')[part] ?? '', 'base64url').toString())

interface Api extends Served {
  /** What was answered, in order. */
  readonly answers: ReadonlyArray<string>
  nonce: string | undefined
}

/** Why a proof does not hold, if so. */
const wrongOf = (request: IncomingMessage, origin: string, seen: Set<unknown>): string | undefined => {
  const { authorization = '', dpop: proof } = request.headers
  if (typeof proof !== 'string') return 'no proof'
  const [head, claims, signature = ''] = proof.split('.')
  const key = createPublicKey({ format: 'jwk', key: { ...KEY.publicJwk } })
  const data = Buffer.from(`${head}.${claims}`)
  if (!verify('sha256', data, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url')))
    return 'signature'
  const { jti, htm, htu, iat, ath } = partOf(proof, 1)
  if (seen.has(jti)) return 'replayed'
  seen.add(jti)
  if (htm !== request.method) return 'htm'
  if (htu !== `${origin}${request.url?.split('?')[0]}`) return 'htu'
  if (ath !== createHash('sha256').update(authorization.replace('DPoP ', '')).digest('base64url')) return 'ath'
  return typeof iat === 'number' && Math.abs(iat - Date.now() / 1_000) < 60 ? undefined : 'iat'
}

/** Takes one token, with proofs that hold and, where it has one, its nonce. */
const api = async (accepted: string, { asks = 'use_dpop_nonce' }: { readonly asks?: string } = {}): Promise<Api> => {
  const answers: string[] = []
  const seen = new Set<unknown>()
  const state: { nonce: string | undefined } = { nonce: undefined }
  const served = await serve((request, response) => {
    // A stream is read to its end, so that its sender can read the answer.
    request.resume().on('end', () => {
      const wrong = wrongOf(request, served.origin, seen)
      const given =
        typeof request.headers['dpop'] === 'string' ? partOf(request.headers['dpop'], 1)['nonce'] : undefined
      const headers = state.nonce === undefined ? {} : { 'dpop-nonce': state.nonce }
      const answer = (status: number, words: string): void => {
        answers.push(`${status} ${words}`)
        response.writeHead(status, {
          ...headers,
          ...(status === 401 && { 'www-authenticate': `DPoP error="${words}"` }),
        })
        response.end('x')
      }
      if (wrong !== undefined) answer(401, wrong)
      else if (given !== state.nonce) answer(401, asks)
      else if (request.headers.authorization !== `DPoP ${accepted}`) answer(401, 'invalid_token')
      else answer(200, 'ok')
    })
  })
  closing.push(served.close)
  return {
    ...served,
    answers,
    get nonce() {
      return state.nonce
    },
    set nonce(nonce) {
      state.nonce = nonce
    },
  }
}

type Call = (url: string, body?: string | ReadableStream | Readable) => Promise<number>
type Door = readonly [name: string, open: (tokens: Tokens, origin: string, options?: Partial<DpopOptions>) => Call]

const doors: ReadonlyArray<Door> = [
  [
    'fetch',
    (tokens, origin, options) => {
      const fetch = authenticatedFetch({ tokens, origins: [origin], dpop: dpop({ key: KEY, ...options }) })
      return async (url, body) => {
        const sent = body instanceof Readable ? Readable.toWeb(body) : body
        // Node's types of streams are two.
        const init = sent === undefined ? {} : { method: 'POST', body: sent as string, duplex: 'half' as const }
        const response = await fetch(url, init)
        await response.text()
        return response.status
      }
    },
  ],
  [
    'undici',
    (tokens, origin, options) => {
      const agent = new Agent()
      closing.push(() => agent.close())
      const dispatcher = agent.compose(
        authenticated({ tokens, origins: [origin], dpop: dpop({ key: KEY, ...options }) }),
      )
      return async (url, body) => {
        const { pathname, search } = new URL(url)
        const response = await dispatcher.request({
          origin,
          path: `${pathname}${search}`,
          method: body === undefined ? 'GET' : 'POST',
          ...(typeof body === 'string' || body instanceof Readable ? { body } : {}),
        })
        await response.body.text()
        return response.statusCode
      }
    },
  ],
]

const JKT = dpop({ key: KEY }).jkt
const mine = (script?: Script): Scripted => boundTo(() => JKT, script)

describe.each(doors)('%s', (_, open) => {
  test('each request has a proof of its own: of its method, its address, and the token', async () => {
    const { origin, answers } = await api('t1')
    const call = open(mine(), origin)
    const statuses = await Promise.all([call(`${origin}/a?b=c`), call(`${origin}/a`, 'x'), call(`${origin}/`)])
    expect(statuses).toEqual([200, 200, 200])
    expect(answers).toEqual(['200 ok', '200 ok', '200 ok'])
  })

  test('an API that wants its nonce: the same request once more, with no renewal; later ones have it at once', async () => {
    const served = await api('t1')
    served.nonce = 'N1'
    const tokens = mine()
    const call = open(tokens, served.origin)
    expect(await call(served.origin, 'x')).toBe(200)
    expect(await call(served.origin)).toBe(200)
    served.nonce = 'N2'
    expect(await call(served.origin)).toBe(200)
    expect(served.answers).toEqual(['401 use_dpop_nonce', '200 ok', '200 ok', '401 use_dpop_nonce', '200 ok'])
    expect(tokens.asked.filter((asked) => asked.startsWith('refuse'))).toEqual([])
  })

  test('a 401 with a new nonce and no such words, too', async () => {
    const served = await api('t1', { asks: 'something' })
    served.nonce = 'N1'
    expect(await open(mine(), served.origin)(served.origin)).toBe(200)
    expect(served.answers).toEqual(['401 something', '200 ok'])
  })

  test('a nonce that comes with an answer of success is used next', async () => {
    const nonces: unknown[] = []
    const served = await serve((request, response) => {
      nonces.push(partOf(String(request.headers['dpop']), 1)['nonce'])
      response.writeHead(200, { 'dpop-nonce': `N${nonces.length}` }).end()
    })
    closing.push(served.close)
    const call = open(mine(), served.origin)
    for (let i = 0; i < 3; i++) expect(await call(served.origin)).toBe(200)
    expect(nonces).toEqual([undefined, 'N1', 'N2'])
  })

  test('a token that is refused is renewed as ever, after a nonce too; the third 401 is the callers', async () => {
    const served = await api('t2')
    served.nonce = 'N1'
    const tokens = mine()
    expect(await open(tokens, served.origin)(served.origin)).toBe(200)
    expect(served.answers).toEqual(['401 use_dpop_nonce', '401 invalid_token', '200 ok'])
    expect(tokens.asked).toContain('refuse t1')

    const never = await api('none')
    never.nonce = 'N1'
    expect(await open(mine(), never.origin)(never.origin)).toBe(401)
    expect(never.answers).toEqual(['401 use_dpop_nonce', '401 invalid_token', '401 invalid_token'])
  })

  test('an API with another nonce each time is answered once, and the request ends', async () => {
    let count = 0
    const served = await serve((_request, response) => {
      count++
      const headers = { 'dpop-nonce': `N${count}`, 'www-authenticate': 'DPoP error="use_dpop_nonce"' }
      response.writeHead(401, headers).end()
    })
    closing.push(served.close)
    expect(await open(mine({ stubborn: true }), served.origin)(served.origin)).toBe(401)
    expect(count).toBe(2)
  })

  test('a body that can be read once is not sent again, and the token is not refused for the nonce', async () => {
    const served = await api('t1')
    served.nonce = 'N1'
    const tokens = mine()
    const call = open(tokens, served.origin)
    expect(await call(served.origin, Readable.from(['x']))).toBe(401)
    expect(served.answers).toEqual(['401 use_dpop_nonce'])
    expect(tokens.asked.filter((asked) => asked.startsWith('refuse'))).toEqual([])
    expect(await call(served.origin, Readable.from(['x']))).toBe(200)
  })

  test('a token of another key is refused unsent, and its successor used; where that is none, an error says so', async () => {
    const served = await api('t2')
    const tokens = boundTo((text) => (text === 't1' ? 'another' : JKT))
    expect(await open(tokens, served.origin)(served.origin)).toBe(200)
    expect(served.answers).toEqual(['200 ok'])
    expect(tokens.asked).toContain('refuse t1')

    const never = boundTo(() => 'another')
    await expect(open(never, served.origin)(served.origin)).rejects.toMatchObject({
      error: { _tag: 'Misconfigured', field: 'dpop' },
    })
    expect(served.answers.length).toBe(1)
  })

  test('a bearer token is sent as one, unless proofs are required', async () => {
    const seen: unknown[] = []
    const served = await serve((request, response) => {
      seen.push([request.headers.authorization, request.headers['dpop']])
      response.end()
    })
    closing.push(served.close)
    const bearer = () => boundTo(() => undefined)
    expect(await open(bearer(), served.origin)(served.origin)).toBe(200)
    expect(seen).toEqual([['Bearer t1', undefined]])
    await expect(open(bearer(), served.origin, { required: true })(served.origin)).rejects.toMatchObject({
      error: { _tag: 'Misconfigured', field: 'dpop' },
    })
    expect(seen.length).toBe(1)
  })

  test('where proofs are required, a token of before them is renewed once, and one that is bearer all the same never', async () => {
    const served = await api('t2')
    const before = boundTo((text) => (text === 't1' ? undefined : JKT))
    expect(await open(before, served.origin, { required: true })(served.origin)).toBe(200)
    const asked = scripted()
    const unbound = (of: Tokens): Tokens => ({
      ...of,
      get: async () => E.map((token: TokenSet) => ({ ...token, jkt: O.some(JKT) }))(await of.get()),
      within: (limits: Limits) => unbound(of.within(limits)),
    })
    const call = open(unbound(asked), served.origin, { required: true })
    for (let i = 0; i < 3; i++) {
      await expect(call(served.origin)).rejects.toMatchObject({ error: { _tag: 'Misconfigured', field: 'dpop' } })
    }
    expect(asked.asked).toEqual(['get', 'get', 'get'])
  })
})

test('without the key a bound token goes nowhere', async () => {
  const served = await api('t1')
  const fetch = authenticatedFetch({ tokens: mine(), origins: [served.origin] })
  await expect(fetch(served.origin)).rejects.toMatchObject({ error: { _tag: 'Misconfigured', field: 'dpop' } })
  expect(served.answers).toEqual([])
})

test('a redirect has a proof of its own address', async () => {
  const served = await api('t1')
  const from = await serve((_request, response) =>
    response.writeHead(307, { location: `${served.origin}/there` }).end(),
  )
  closing.push(from.close)
  const origins = [served.origin, from.origin]
  const fetch = authenticatedFetch({ tokens: mine(), origins, dpop: dpop({ key: KEY }) })
  expect((await fetch(from.origin)).status).toBe(200)
  expect(served.answers).toEqual(['200 ok'])
})

test('undici sends no proof to where a redirect leads that it follows by itself', async () => {
  const served = await api('t1')
  const from = await serve((_request, response) =>
    response.writeHead(307, { location: `${served.origin}/there` }).end(),
  )
  closing.push(from.close)
  const agent = new Agent()
  closing.push(() => agent.close())
  const origins = [served.origin, from.origin]
  const own = authenticated({ tokens: mine(), origins, dpop: dpop({ key: KEY }) })
  const redirect = interceptors.redirect({ maxRedirections: 5 })
  const ask = async (...composed: Parameters<Agent['compose']>) => {
    const { statusCode, body } = await agent
      .compose(...composed)
      .request({ origin: from.origin, path: '/', method: 'GET' })
    await body.dump()
    return statusCode
  }
  expect(await ask(redirect, own)).toBe(307)
  expect(served.answers).toEqual([])
  expect(await ask(own, redirect)).toBe(200)
  expect(served.answers).toEqual(['200 ok'])
})

test('a key that fails is the error of the call', async () => {
  const served = await api('t1')
  const failing = AuthError.unreachable('signer', 'it is away')
  const away = dpop({ key: { ...KEY, sign: () => async () => E.left(failing) } })
  const fetch = authenticatedFetch({ tokens: mine(), origins: [served.origin], dpop: away })
  await expect(fetch(served.origin)).rejects.toMatchObject({ error: failing })
})
