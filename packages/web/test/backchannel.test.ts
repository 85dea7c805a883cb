/** The provider's word that a session has ended, with the logout tokens of `@tessera/oidc`. */
import { instant } from '@tessera/core'
import { systemClock } from '@tessera/node'
import { Client } from '@tessera/oauth2'
import { clientSecretKeys, logoutToken } from '@tessera/oidc'
import * as E from 'fp-ts/lib/Either.js'
import { SignJWT } from 'jose'
import { CLIENT_ID, ISSUER } from './support/provider.js'
import { APP, makeWorld, whoIs } from './support/world.js'

const SECRET = 's'.repeat(32)
const client = Client.make({ id: CLIENT_ID, secret: SECRET, issuer: ISSUER, tokenEndpoint: `${ISSUER}/token` })
const EVENT = 'http://schemas.openid.net/event/backchannel-logout'

const tokenOf = (claims: object, secret = SECRET): Promise<string> => {
  const at = Math.floor(instant(systemClock.now()) / 1_000)
  const all = { iss: ISSUER, aud: CLIENT_ID, iat: at, exp: at + 60, jti: 'one', events: { [EVENT]: {} }, ...claims }
  return new SignJWT(all).setProtectedHeader({ alg: 'HS256', typ: 'logout+jwt' }).sign(new TextEncoder().encode(secret))
}

test('ends the sessions that it names, and no tokens', async () => {
  const world = makeWorld({ logoutToken: logoutToken({ client, keys: clientSecretKeys({ client }) }) })
  const told = async (token: string, method = 'POST'): Promise<number> => {
    const body = method === 'POST' ? { body: new URLSearchParams({ logout_token: token }) } : {}
    return (await world.answer(new Request(`${APP}/backchannel-logout`, { method, ...body }))).status
  }
  const [ann, bob] = [world.browser(), world.browser()]
  await world.login(ann, 'ann')
  await world.login(bob, 'bob')
  expect(await told(await tokenOf({ sub: 'ann' }, 'x'.repeat(32)))).toBe(400)
  expect(await told(await tokenOf({ sid: 'sid of ann' }))).toBe(400)
  expect(await told('nonsense')).toBe(400)
  expect(await told('', 'GET')).toBe(405)
  expect(await told(await tokenOf({ sub: 'ann', sid: 'of another session' }))).toBe(200)
  expect([await whoIs(ann), await whoIs(bob)]).toEqual(['ann', 'bob'])
  expect(await told(await tokenOf({ sub: 'ann', sid: 'sid of ann' }))).toBe(200)
  expect([await whoIs(ann), await whoIs(bob)]).toEqual([undefined, 'bob'])
  expect(await told(await tokenOf({ sub: 'bob' }))).toBe(200)
  expect(await whoIs(bob)).toBe(undefined)
  expect(world.provider.isLive('bob')).toBe(true)
})

test('reads no more than a logout token can have', async () => {
  const read: Array<number> = []
  const { answer } = makeWorld({
    logoutToken: (text) => () => async () => {
      read.push(text.length)
      return E.right({ sub: 'ann' })
    },
  })
  const post = async (body: BodyInit): Promise<number> => {
    const init: RequestInit & { readonly duplex: 'half' } = { method: 'POST', body, duplex: 'half' }
    return (await answer(new Request(`${APP}/backchannel-logout`, init))).status
  }
  let pulled = 0
  const long = new ReadableStream({
    pull: (controller) => {
      controller.enqueue(new Uint8Array(16_384))
      pulled += 1
      if (pulled === 200) controller.close()
    },
  })
  expect(await post(long)).toBe(413)
  expect(pulled).toBeLessThan(10)
  const most = 65_536 - 'logout_token='.length
  expect(await post(`logout_token=${'a'.repeat(most)}`)).toBe(200)
  // As long in characters, but not in bytes.
  expect(await post(`logout_token=${'a'.repeat(most - 1)}é`)).toBe(413)
  expect(read).toEqual([most])
})

test('is nothing where nobody reads it', async () => {
  const { answer } = makeWorld()
  expect(
    (await answer(new Request(`${APP}/backchannel-logout`, { method: 'POST', headers: { origin: APP } }))).status,
  ).toBe(401)
})
