/** What a user of the seed's `TokenResponse` relies on, and what is better. */
import * as Box from '@tessera/box'
import { AuthError, Secret, Strategy, seconds, type TokenSet } from '@tessera/core'
import { clientCredentials } from '@tessera/oauth2'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { accessOf, refreshOf, right } from '../support/either.js'
import { jsonOf, makeSession } from './seed/session.js'
import { tokenResponse } from './seed/tokens.js'
import { better } from './support/better.js'
import { codeLogin, eachInWorld, type World } from './support/world.js'

const world = eachInWorld()

const alone = ({ env }: World, strategy: Strategy<World['env']>) =>
  strategy(Strategy.attempt(seconds(10))(env)())(env)()

const credentials = ({ client, box }: World) =>
  Box.clientCredentials({ client, subject: Box.enterprise(box.enterprise) })

/** What is made of an answer of the token endpoint. */
const answered = (at: World, body: string, strategy: Strategy<World['env']> = credentials(at)) => {
  at.box.faults.next({ kind: 'status', status: 200, body, endpoint: 'token' })
  return alone(at, strategy)
}

/** For how long it was issued, in s. */
const lifetimeOf = ({ issuedAt, expiresAt }: TokenSet): number =>
  O.isSome(issuedAt) && O.isSome(expiresAt) ? (expiresAt.value - issuedAt.value) / 1_000 : Number.NaN

describe('S-RESPONSE-01', () => {
  test('a login of a person has an access token, its end and type, and a refresh token', async () => {
    const token = right(await alone(world(), await codeLogin(world())))
    const { box } = world()
    expect([box.isActive(accessOf(token)), box.isActive(refreshOf(token) ?? '')]).toEqual([true, true])
    expect([lifetimeOf(token), token.tokenType]).toEqual([3_600, 'bearer'])
  })

  test("an exchange has the restrictions and the issued type; so has the documentation's lenient sample", async () => {
    const restricted_to = [{ scope: 'item_preview', object: { id: '123', type: 'file', etag: '1' } }]
    const parent = right(await alone(world(), credentials(world())))
    const exchange = Box.tokenExchange({ server: world().client.server })(parent, { scope: [Box.scope.itemPreview] })
    const common = { access_token: 'a', expires_in: 4175, restricted_to }
    for (const types of [
      { token_type: 'bearer', issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' },
      { issued_token_type: 'bearer' },
    ]) {
      const token = right(await answered(world(), JSON.stringify({ ...common, ...types }), exchange))
      expect(token).toMatchObject({ restrictedTo: restricted_to, issuedTokenType: O.some(types.issued_token_type) })
      expect([lifetimeOf(token), refreshOf(token)]).toEqual([4_175, null])
    }
  })
})

// -----------------------------------------------------------------------------
// what is better
// -----------------------------------------------------------------------------

const SECRET = 'c4n4ry-t0k3n'
const GOOD = `"access_token":"${SECRET}","token_type":"bearer"`
const WRONG: ReadonlyArray<readonly [path: string, body: string]> = [
  ['access_token', `{"access_token":42,"token_type":"bearer","refresh_token":"${SECRET}"}`],
  ['access_token', `{"access_token":["${SECRET}"],"token_type":"bearer"}`],
  ['token_type', `{"access_token":"${SECRET}","token_type":{}}`],
  ['expires_in', `{${GOOD},"expires_in":-1}`],
  ['expires_in', `{${GOOD},"expires_in":1e999}`],
  ['expires_in', `{${GOOD},"expires_in":"soon"}`],
  ['refresh_token', `{${GOOD},"refresh_token":7}`],
  ['restricted_to', `{${GOOD},"restricted_to":"all"}`],
  ['body', `{${GOOD},"__proto__":{"polluted":true}}`],
  ['body', `{${GOOD},"more":{"__proto__":{"polluted":true}}}`],
]

/** The path at which an answer was refused, or what was taken; and all that was said. */
type Reading = (body: string) => Promise<{ readonly path: string; readonly said: string }>

better('S-RESPONSE-01', 'an answer of wrong types is refused by the path of what is wrong, and shows no secret', {
  law: async (read: Reading) => {
    for (const [path, body] of WRONG) {
      const { path: found, said } = await read(body)
      expect([body, found]).toEqual([body, path])
      expect(said.includes(SECRET)).toBe(false)
    }
    expect(Reflect.get({}, 'polluted')).toBeUndefined()
  },
  ours: (at) => async (body) => {
    const result = await answered(at, body)
    if (E.isRight(result)) return { path: 'taken', said: '' }
    const said = JSON.stringify(result) + AuthError.show.show(result.left)
    return { path: result.left._tag === 'Malformed' ? result.left.path : result.left._tag, said }
  },
  seed: (at) => async (body) => {
    at.box.faults.next({ kind: 'status', status: 200, body, endpoint: 'token' })
    const answer = await makeSession().request({ method: 'POST', url: at.box.endpoints.token, data: {} })
    return { path: pipe(tokenResponse(jsonOf(answer) ?? {}), () => 'taken'), said: '' }
  },
})

/** What an answer's members are taken for. */
interface Read {
  readonly field: (name: string) => unknown
  readonly apart: (name: string) => unknown
}

better('S-RESPONSE-01', 'unknown members are kept apart', {
  law: async (read: (body: string) => Promise<Read>) => {
    const { field, apart } = await read(`{${GOOD},"subject":"user:1","toString":"x","id_token":"${SECRET}"}`)
    expect([field('subject'), field('id_token'), typeof field('toString')]).toEqual([undefined, undefined, 'function'])
    expect([apart('subject'), apart('id_token')]).toEqual(['"user:1"', JSON.stringify(SECRET)])
  },
  ours: (at) => async (body) => {
    const { client } = at
    const token = right(await answered(at, body, clientCredentials({ client })))
    return {
      field: (name) => pipe(Reflect.get(token, name), (value: unknown) => (value === O.none ? undefined : value)),
      apart: (name) => pipe(O.fromNullable(token.members.get(name)), O.map(Secret.open), O.toNullable),
    }
  },
  seed: (at) => async (body) => {
    at.box.faults.next({ kind: 'status', status: 200, body, endpoint: 'token' })
    const answer = await makeSession().request({ method: 'POST', url: at.box.endpoints.token, data: {} })
    const response = tokenResponse(jsonOf(answer) ?? {})
    return { field: (name) => Reflect.get(response, name), apart: () => null }
  },
})
