import { Provider } from '@tessera/oauth2'
import type { Preset } from './Preset.js'

/** Discord. */
export const discord: Preset = {
  name: 'discord',
  title: 'Discord',
  variables: {},
  endpoints: {
    authorization: 'https://discord.com/oauth2/authorize',
    token: 'https://discord.com/api/oauth2/token',
    deviceAuthorization: 'https://discord.com/api/v10/oauth2/device/authorize',
    revocation: 'https://discord.com/api/oauth2/token/revoke',
    userinfo: 'https://discord.com/api/v10/users/@me',
  },
  provider: { ...Provider.rfc, person: { id: 'id', name: 'username' } },
  grants: ['authorization_code', 'refresh_token', 'client_credentials', 'device_code'],
  authentication: 'client_secret_basic',
  pkce: 'supported',
  iss: false,
  refreshTokens: { rotation: 'single use' },
  notes: [
    'The device flow is documented for the scope `sdk.social_layer`.',
    'Who logged in is told for the scope `identify`.',
  ],
  sources: [
    {
      about: ['endpoints', 'grants', 'authentication', 'revocation', 'person'],
      title: 'OAuth2',
      url: 'https://discord.com/developers/docs/topics/oauth2',
      seen: '2026-11-29',
    },
    {
      about: ['person'],
      title: 'User Resource',
      url: 'https://docs.discord.com/developers/resources/user',
      seen: '2026-11-29',
    },
    {
      about: ['errors', 'revocation', 'pkce'],
      title: 'Account Linking with Discord',
      url: 'https://docs.discord.com/developers/discord-social-sdk/development-guides/account-linking-with-discord',
      seen: '2026-11-29',
    },
    {
      about: ['endpoints', 'grants'],
      title: 'Account Linking on Consoles',
      url: 'https://docs.discord.com/developers/discord-social-sdk/development-guides/account-linking-on-consoles',
      seen: '2026-11-29',
    },
    {
      about: ['refresh tokens'],
      title: 'discord-api-docs #5942: a refresh token works once',
      url: 'https://github.com/discord/discord-api-docs/issues/5942',
      seen: '2026-11-29',
      reported: true,
    },
  ],
}
