import { Provider } from '@tessera/oauth2'
import type { Preset } from './Preset.js'
import { HOST } from './variables.js'

/** Amazon Cognito user pools. */
export const cognito: Preset = {
  name: 'cognito',
  title: 'Amazon Cognito',
  variables: {
    domain: {
      description: "the user pool's domain",
      pattern: HOST,
      example: 'acme.auth.eu-central-1.amazoncognito.com',
    },
  },
  endpoints: {
    authorization: 'https://{domain}/oauth2/authorize',
    token: 'https://{domain}/oauth2/token',
    revocation: 'https://{domain}/oauth2/revoke',
    userinfo: 'https://{domain}/oauth2/userInfo',
  },
  provider: {
    ...Provider.rfc,
    basic: 'verbatim',
    revocation: { ...Provider.rfc.revocation, hint: false, ends: 'grant' },
  },
  grants: ['authorization_code', 'refresh_token', 'client_credentials'],
  authentication: 'client_secret_basic',
  pkce: 'supported',
  iss: false,
  refreshTokens: { rotation: 'either' },
  notes: [
    'Rotation is a setting. With it, the old refresh token works for 0 to 60 s more; how long is a setting, too.',
    'The issuer is at another host (`https://cognito-idp.{region}.amazonaws.com/{userPoolId}`): `generic` finds the rest by it.',
    'Revocation is a setting of the application, on by default; it takes refresh tokens only.',
    '`invalid_grant` is also said where the application may not read an attribute of the scope.',
  ],
  sources: [
    {
      about: ['endpoints', 'grants', 'authentication', 'pkce', 'errors', 'refresh tokens'],
      title: 'The token issuer endpoint',
      url: 'https://docs.aws.amazon.com/cognito/latest/developerguide/token-endpoint.html',
      seen: '2026-11-29',
    },
    {
      about: ['endpoints', 'person'],
      title: 'The user attributes endpoint',
      url: 'https://docs.aws.amazon.com/cognito/latest/developerguide/userinfo-endpoint.html',
      seen: '2026-11-29',
    },
    {
      about: ['revocation'],
      title: 'Revoking tokens',
      url: 'https://docs.aws.amazon.com/cognito/latest/developerguide/token-revocation.html',
      seen: '2026-11-29',
    },
    {
      about: ['refresh tokens'],
      title: 'RefreshTokenRotationType',
      url: 'https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RefreshTokenRotationType.html',
      seen: '2026-11-29',
    },
  ],
}
