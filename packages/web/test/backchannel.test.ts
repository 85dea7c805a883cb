/** The provider's word that a session has ended, with the logout tokens of `@tessera/oidc`. */
import { instant } from '@tessera/core'
import { systemClock } from '@tessera/node'
import { Client } from '@tessera/oauth2'
import { clientSecretKeys, logoutToken } from '@tessera/oidc'
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

test('is nothing where nobody reads it', async () => {
  const { answer } = makeWorld()
  expect(
    (await answer(new Request(`${APP}/backchannel-logout`, { method: 'POST', headers: { origin: APP } }))).status,
  ).toBe(401)
})
