import * as Box from '@tessera/box'
import { Secret } from '@tessera/core'
import { urls } from '@tessera/testing'
import * as fc from 'fast-check'
import * as O from 'fp-ts/lib/Option.js'

const secret = Secret.make('ClientSecret', 's3cret')

describe('server', () => {
  test("S-OAUTH2-13 Box's endpoints", () => {
    expect(Box.server()).toEqual({
      issuer: O.none,
      refreshEndpoint: O.none,
      userinfoEndpoint: O.none,
      authorizationEndpoint: O.some('https://account.box.com/api/oauth2/authorize'),
      tokenEndpoint: 'https://api.box.com/oauth2/token',
      revocationEndpoint: O.some('https://api.box.com/oauth2/revoke'),
      deviceAuthorizationEndpoint: O.none,
      issParameterSupported: false,
      tokenEndpointAuthMethods: O.some(['client_secret_post']),
      scopesSupported: O.none,
      registrationEndpoint: O.none,
      codeChallengeMethods: O.none,
      pushedAuthorizationRequestEndpoint: O.none,
      requirePushedAuthorizationRequests: false,
      introspectionEndpoint: O.none,
      jwksUri: O.none,
      endSessionEndpoint: O.none,
      mtlsEndpointAliases: {},
      clientIdMetadataDocumentSupported: false,
      dpopSigningAlgorithms: O.none,
      provider: Box.provider,
      allowHttp: [],
    })
  })

  test.each([
    [{ tokenEndpoint: 'https://b.example/t' }],
    [{ authorizationEndpoint: O.some('https://b.example/a') }],
    [{ revocationEndpoint: O.none }],
    [{ issParameterSupported: true, issuer: O.some('https://b.example') }],
  ])('S-OAUTH2-13 each endpoint can be replaced alone: %j', (overrides) => {
    expect(Box.server(overrides)).toEqual({ ...Box.server(), ...overrides })
  })

  test('S-OAUTH2-13 one base for all, with or without slashes at its end', () => {
    fc.assert(
      fc.property(urls, fc.nat(3), (url, slashes) => {
        const base = url.replace(/\/+$/, '')
        const server = Box.serverAt(base + '/'.repeat(slashes))
        expect(server).toEqual({
          ...Box.server(),
          authorizationEndpoint: O.some(`${base}/api/oauth2/authorize`),
          tokenEndpoint: `${base}/oauth2/token`,
          revocationEndpoint: O.some(`${base}/oauth2/revoke`),
          deviceAuthorizationEndpoint: O.some(`${base}/oauth2/device_authorization`),
        })
      }),
    )
  })
})

describe('client', () => {
  test.each([
    ['the default', undefined, [['box_device_id', '0']]],
    ['an empty id', { id: '' }, []],
    ['a name alone', { id: '', name: 'laptop' }, [['box_device_name', 'laptop']]],
    [
      'both, the id first',
      { name: 'laptop', id: '7' },
      [
        ['box_device_id', '7'],
        ['box_device_name', 'laptop'],
      ],
    ],
  ])('S-OAUTH2-04 device pinning: %s', (_, device, expected) => {
    expect(Object.entries(Box.client({ id: 'app', secret, ...(device && { device }) }).parameters)).toEqual(expected)
  })

  test('authenticates in the body, at Box unless told otherwise', () => {
    const client = Box.client({ id: 'app', secret })
    expect(client.id).toBe('app')
    expect(client.authentication).toEqual({ _tag: 'Post', secret })
    expect(client.server).toEqual(Box.server())
    expect(Box.client({ id: 'app', secret, server: Box.serverAt('http://127.0.0.1:1') }).server.tokenEndpoint).toBe(
      'http://127.0.0.1:1/oauth2/token',
    )
    expect(JSON.stringify(client)).not.toContain('s3cret')
  })
})
