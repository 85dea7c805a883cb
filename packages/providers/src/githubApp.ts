import { Provider } from '@tessera/oauth2'
import { github } from './github.js'
import type { Preset } from './Preset.js'

/** GitHub, for the user access tokens of GitHub Apps: permissions in the place of scopes. */
export const githubApp: Preset = {
  ...github,
  name: 'github-app',
  title: 'GitHub App',
  provider: { ...github.provider, offline: Provider.rfc.offline },
  notes: [
    'As an OAuth app, but that there are no scopes: what a token may do is set in the app.',
    'Tokens expire, and have a refresh token, unless that is switched off in the app.',
  ],
  sources: [
    ...github.sources,
    {
      about: ['refresh tokens'],
      title: 'Refreshing user access tokens',
      url: 'https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/refreshing-user-access-tokens',
      seen: '2026-11-29',
    },
  ],
}
