import { AuthError, Secret, Strategy, seconds, type TokenSet } from '@tessera/core'
import { authorizationRequest, Client } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as RTE from 'fp-ts/lib/ReaderTaskEither.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { type BegunLogin, type BrowserLoginOptions, browserLogin } from '../src/browserLogin.js'
import { type NodeEnv, nodeEnv } from '../src/nodeEnv.js'
import { bodyOf, type Served, serve } from './support/servers.js'

/** A token endpoint that takes the one code. */
const tokenEndpoint = (): Promise<Served> =>
  serve(async (request, response) => {
    const form = new URLSearchParams(await bodyOf(request))
    const isGood = form.get('code') === 'good' && form.has('code_verifier')
    response.writeHead(isGood ? 200 : 400, { 'content-type': 'application/json' })
    response.end(JSON.stringify(isGood ? { access_token: 'abc', token_type: 'bearer' } : { error: 'invalid_grant' }))
  })

const begin =
  (origin: string): BrowserLoginOptions<NodeEnv>['begin'] =>
  (redirectUri) =>
  (env): TE.TaskEither<AuthError, BegunLogin> => {
    const client = Client.make({
      id: 'app',
      tokenEndpoint: `${origin}/token`,
      authorizationEndpoint: `${origin}/authorize`,
    })
    return pipe(
      TE.fromIOEither(authorizationRequest({ client, redirectUri })(env)),
      TE.map((transaction) => ({ client, transaction })),
    )
  }

const once = (options: BrowserLoginOptions<NodeEnv>, env: NodeEnv): Promise<E.Either<AuthError, TokenSet>> =>
  pipe(browserLogin(options), Strategy.once(seconds(30)))(env)()

/** A browser that comes back with what a server would add to the address. */
const comesBack = (answer: Record<string, string>) => (url: string) => {
  const { searchParams } = new URL(url)
  const back = new URL(searchParams.get('redirect_uri') ?? '')
  back.search = new URLSearchParams({ state: searchParams.get('state') ?? '', ...answer }).toString()
  void fetch(back)
}

describe('a login in the browser', () => {
  test('ends with the token of the code, and its listener with it', async () => {
    const server = await tokenEndpoint()
    const env = nodeEnv()
    const visited: string[] = []
    const token = await once(
      {
        begin: begin(server.origin),
        visit: (url) => {
          visited.push(url)
          comesBack({ code: 'good' })(url)
        },
      },
      env,
    )
    expect(E.isRight(token) && Secret.open(token.right.accessToken)).toBe('abc')
    const redirect = new URL(visited[0] ?? '').searchParams.get('redirect_uri') ?? ''
    await expect(fetch(redirect)).rejects.toThrow()
    await env.close()
    await server.close()
  })

  test('ends without one where the person declined, or it could not begin', async () => {
    const server = await tokenEndpoint()
    const env = nodeEnv()
    const visit = comesBack({ error: 'access_denied' })
    expect(await once({ begin: begin(server.origin), visit }, env)).toMatchObject({
      left: { _tag: 'Rejected', answer: { error: { value: 'access_denied' } } },
    })
    const none = () => RTE.left(AuthError.misconfigured('client', 'there is none'))
    expect(await once({ begin: none, visit: () => expect(1).toBe(2) }, env)).toMatchObject({
      left: { _tag: 'Misconfigured', field: 'client' },
    })
    await env.close()
    await server.close()
  })

  test('ends with its caller, who stops waiting for the person', async () => {
    const env = nodeEnv()
    const gone = new AbortController()
    const attempt = Strategy.attempt(seconds(30), { signal: gone.signal })(env)()
    const login = browserLogin({ begin: begin('http://127.0.0.1:1'), visit: () => gone.abort() })
    expect(await login(attempt)(env)()).toEqual(E.left(AuthError.aborted))
    await env.close()
  })
})
