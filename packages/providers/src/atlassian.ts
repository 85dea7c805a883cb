import { minutes } from '@tessera/core'
import { Provider } from '@tessera/oauth2'
import { days } from './internal/days.js'
import type { Preset } from './Preset.js'

/** Atlassian: Jira and Confluence, by OAuth 2.0 (3LO). */
export const atlassian: Preset = {
  name: 'atlassian',
  title: 'Atlassian',
  variables: {},
  endpoints: {
    authorization: 'https://auth.atlassian.com/authorize',
    token: 'https://auth.atlassian.com/oauth/token',
    userinfo: 'https://api.atlassian.com/me',
  },
  provider: {
    ...Provider.rfc,
    tokenTypeRequired: false,
    authorizationParameters: { audience: 'api.atlassian.com', prompt: 'consent' },
    offline: { scope: ['offline_access'], parameters: {} },
    person: { id: 'account_id' },
  },
  grants: ['authorization_code', 'refresh_token'],
  authentication: 'client_secret_post',
  pkce: 'not documented',
  iss: false,
  refreshTokens: { rotation: 'single use', grace: minutes(10), idle: days(90) },
  notes: [
    'A refresh token that is used again after the ten minutes counts as a breach.',
    'Who logged in is told for the scope `read:me`.',
  ],
  sources: [
    {
      about: ['endpoints', 'grants', 'authentication', 'answers', 'errors', 'offline', 'refresh tokens', 'person'],
      title: 'OAuth 2.0 (3LO) apps',
      url: 'https://developer.atlassian.com/cloud/jira/platform/oauth-2-3lo-apps/',
      seen: '2026-11-29',
    },
    {
      about: ['endpoints', 'requests'],
      title: 'arctic, atlassian.ts: the authorization endpoint, `audience` and `prompt`',
      url: 'https://github.com/pilcrowonpaper/arctic/blob/main/src/providers/atlassian.ts',
      seen: '2026-11-29',
      reported: true,
    },
  ],
}
