import { fc, test as property } from '@fast-check/jest'
import { Secret } from '@tessera/core'
import { Client, ClientAuthentication } from '../src/index.js'
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

test('an authentication that is given wins, and without a secret there is none', () => {
  const server = { ...endpoints, tokenEndpointAuthMethods: ['client_secret_basic'] }
  const post = ClientAuthentication.post(SECRET)
  expect(Client.make({ id: 'app', secret: SECRET, authentication: post, ...server }).authentication).toBe(post)
  expect(Client.make({ id: 'app', ...server }).authentication).toBe(ClientAuthentication.none)
})
