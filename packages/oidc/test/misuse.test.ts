/** Calls that only JavaScript can make: each names its function and the option that is wrong. */
import { Secret } from '@tessera/core'
import * as oidc from '../src/index.js'
import { client, good, holding, jws, world } from './support.js'

const keys = oidc.jwks({ client })

type Callable = (...args: ReadonlyArray<unknown>) => unknown
const isCallable = (value: unknown): value is Callable => typeof value === 'function'

/** The error of a call, when all further arguments are given. */
const errorOf = async (value: unknown): Promise<unknown> => {
  const next = { ...world().env, ...holding(jws(good)) }
  let at = value
  while (isCallable(at)) at = at(next)
  const result: unknown = await at
  return typeof result === 'object' && result !== null && 'left' in result ? result.left : result
}

const functions = new Map<string, unknown>(Object.entries(oidc))
const NOTHING = [undefined, null, 'app', 42, {}, client]
const CASES: ReadonlyArray<readonly [name: keyof typeof oidc, field: string, options: ReadonlyArray<unknown>]> = [
  ['idToken', 'client', [...NOTHING, { keys }, { client: 'app', keys }]],
  ['idToken', 'keys', [{ client }, { client, keys: { keys: [] } }]],
  ['idToken', 'claims', [{ client, keys, claims: () => true }]],
  ['logoutToken', 'client', [...NOTHING, { keys }]],
  ['logoutToken', 'keys', [{ client }]],
  ['logoutToken', 'end', [{ client, keys, end: 'sessions' }]],
  [
    'logoutToken',
    'ended',
    [
      { client, keys, end: () => undefined, ended: new Map() },
      { client, keys, ended: { has: () => undefined, add: () => undefined } },
    ],
  ],
  ['logoutUrl', 'client', NOTHING],
  ['userinfoClaims', 'client', NOTHING],
  ['userinfoClaims', 'idToken', [{ client }, { client, idToken: 'user 7' }]],
  ['userinfoClaims', 'claims', [{ client, idToken: { sub: '7' }, claims: {} }]],
  ['validated', 'source', [...NOTHING, { source: {} }]],
  ['validated', 'idToken', [{ source: { login: () => undefined } }]],
]

test.each(CASES.flatMap(([name, field, all]) => all.map((options) => [name, field, options] as const)))(
  '%s names %s, case %#',
  async (name, field, options) => {
    const call = functions.get(name)
    const error = await errorOf(isCallable(call) ? call(options) : undefined)
    expect(error).toMatchObject({ _tag: 'Misconfigured', field, message: expect.stringContaining(`${name} takes `) })
  },
)

test.each([...NOTHING.slice(0, 5), { client: 'app' }, { client, server: client.server }])(
  'keys of rubbish verify nothing, and say why, case %#',
  async (options) => {
    // As from JavaScript.
    const made = [
      oidc.jwks(options as never),
      ...('server' in Object(options) ? [] : [oidc.clientSecretKeys(options as never)]),
    ]
    for (const of of made) {
      const error = of.verify({
        what: 'JWS',
        token: Secret.make('Token', jws(good)),
        algorithm: of.algorithms[0],
        keyId: 'k1',
      })
      expect(await errorOf(error)).toMatchObject({ _tag: 'Misconfigured', message: expect.stringContaining(' takes ') })
    }
  },
)

test('every function is there', () => {
  const named = [...CASES.map(([name]) => name), 'jwks', 'clientSecretKeys']
  expect([...new Set(named)].sort()).toEqual(Object.keys(oidc).sort())
})
