import { fc, test as property } from '@fast-check/jest'
import { Secret } from '@tessera/core'
import { AuthorizationServer, Client, ClientAuthentication } from '../src/index.js'
import { endpoints } from './support.js'

const SECRET = Secret.make('ClientSecret', 's3cret')
const taking = (...tokenEndpointAuthMethods: ReadonlyArray<string>) =>
  Client.make({ id: 'app', secret: SECRET, ...endpoints, tokenEndpointAuthMethods }).authentication

test('RFC 8414 §2: a secret alone is Basic', () => {
  const { authentication } = Client.make({ id: 'app', secret: 's3cret', ...endpoints })
  expect(authentication).toEqual(ClientAuthentication.basic('s3cret'))
})

test('a server that takes the secret in the form only gets it there', () => {
  expect(taking('client_secret_post', 'private_key_jwt')).toEqual(ClientAuthentication.post(SECRET))
})

property.prop([fc.subarray(['client_secret_post', 'private_key_jwt', 'none', 'client_secret_jwt'])])(
  'RFC 6749 §2.3.1: every other server has to take Basic',
  (others) => {
    expect(taking('client_secret_basic', ...others)._tag).toBe('Basic')
    expect(taking(...others)._tag).toBe(others.includes('client_secret_post') ? 'Post' : 'Basic')
  },
)

test('an authentication that is given is it, and without a secret there is none', () => {
  const server = { ...endpoints, tokenEndpointAuthMethods: ['client_secret_basic'] }
  const post = ClientAuthentication.post(SECRET)
  expect(Client.make({ id: 'app', authentication: post, ...server }).authentication).toBe(post)
  expect(Client.make({ id: 'app', ...server }).authentication).toBe(ClientAuthentication.none)
})

test('endpoints are a server, wherever that is undefined', () => {
  const { server } = Client.make({ id: 'app', server: undefined, ...endpoints, allowHttp: ['http://as:1'] })
  expect(server).toEqual(AuthorizationServer.make({ ...endpoints, allowHttp: ['http://as:1'] }))
  expect(Client.make({ id: 'app', server, allowHttp: undefined }).server).toBe(server)
})

describe('options that contradict each other are refused, by the compiler and at run time', () => {
  const server = AuthorizationServer.make(endpoints)
  const post = ClientAuthentication.post(SECRET)
  const told = (message: RegExp) =>
    expect.objectContaining({ error: expect.objectContaining({ message: expect.stringMatching(message) }) })

  test('a server and what belongs to one', () => {
    const refused = told(/where server is .*allowHttp and the like/)
    // @ts-expect-error it would have no effect
    expect(() => Client.make({ id: 'app', server, allowHttp: ['http://as:1'] })).toThrow(refused)
    // @ts-expect-error it would have no effect
    expect(() => Client.make({ id: 'app', server, issParameterSupported: true })).toThrow(refused)
    // @ts-expect-error which of the two is it?
    expect(() => Client.make({ id: 'app', server, ...endpoints })).toThrow(refused)
  })

  test('a secret and an authentication', () => {
    // @ts-expect-error the secret would have no effect
    expect(() => Client.make({ id: 'app', secret: SECRET, authentication: post, server })).toThrow(
      told(/authentication is .* in the place of a secret/),
    )
  })

  test('a secret of a setting that is missing makes no public client', () => {
    // @ts-expect-error leave it out
    expect(() => Client.make({ id: 'app', secret: process.env['TESSERA_NO_SUCH_SECRET'], server })).toThrow(
      told(/is a setting missing\? Leave it out for a public client/),
    )
  })
})
