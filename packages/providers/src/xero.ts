import { minutes } from '@tessera/core'
import { Provider } from '@tessera/oauth2'
import { days } from './internal/days.js'
import type { Preset } from './Preset.js'

/** Xero. */
export const xero: Preset = {
  name: 'xero',
  title: 'Xero',
  variables: {},
  endpoints: {
    issuer: 'https://identity.xero.com',
    authorization: 'https://login.xero.com/identity/connect/authorize',
    token: 'https://identity.xero.com/connect/token',
    revocation: 'https://identity.xero.com/connect/revocation',
    userinfo: 'https://identity.xero.com/connect/userinfo',
  },
  provider: {
    ...Provider.rfc,
    offline: { scope: ['offline_access'], parameters: {} },
    revocation: { ...Provider.rfc.revocation, hint: false },
    person: { id: 'sub' },
  },
  grants: ['authorization_code', 'refresh_token'],
  authentication: 'client_secret_basic',
  pkce: 'supported',
  iss: false,
  refreshTokens: { rotation: 'single use', grace: minutes(30), idle: days(60) },
  notes: [
    'Which organisations a token is for: `GET https://api.xero.com/connections`.',
    'A revocation removes all connections of the person.',
    'Who logged in is told for the scope `openid`.',
  ],
  sources: [
    {
      about: ['refresh tokens'],
      title: 'OAuth 2.0 FAQ',
      url: 'https://developer.xero.com/faq/oauth2',
      seen: '2026-11-29',
    },
    {
      about: ['endpoints', 'pkce'],
      title: 'PKCE flow',
      url: 'https://developer.xero.com/documentation/guides/oauth2/pkce-flow',
      seen: '2026-11-29',
    },
    {
      about: ['endpoints', 'grants', 'authentication'],
      title: "Xero's own SDK for Node.js",
      url: 'https://github.com/XeroAPI/xero-node/blob/master/src/XeroClient.ts',
      seen: '2026-11-29',
    },
    {
      about: ['endpoints', 'offline', 'person'],
      title: 'The discovery document',
      url: 'https://identity.xero.com/.well-known/openid-configuration',
      seen: '2026-11-29',
      reported: true,
    },
    {
      about: ['revocation'],
      title: 'xero-node 4.10.1: revokeToken',
      url: 'https://github.com/XeroAPI/xero-node/releases/tag/4.10.1',
      seen: '2026-11-29',
    },
    {
      about: ['errors'],
      title: 'Xero-NetStandard #257: a dead refresh token is `invalid_grant`',
      url: 'https://github.com/XeroAPI/Xero-NetStandard/issues/257',
      seen: '2026-11-29',
      reported: true,
    },
  ],
}
