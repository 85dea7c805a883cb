/**
 * Our endpoints beside those of two other lists: golang/oauth2's `endpoints.go` (commit 89ff2e1, 2025-12-23) and arctic's `src/providers`
 * (commit 879676b, 2026-05-31). What both have is compared; a difference is listed with its reason.
 */
import * as Providers from '../src/index.js'
import { right } from './support/session.js'

interface Anchor {
  readonly preset: Providers.Preset
  readonly variables?: Readonly<Record<string, string>>
  readonly golang?: readonly [authorization: string, token: string, device?: string]
  readonly arctic?: readonly [authorization: string, token: string, revocation?: string]
  /** Where we differ, and why. */
  readonly differs?: Readonly<Record<string, string>>
}

const domain = 'acme.example.com'

const ANCHORS: ReadonlyArray<Anchor> = [
  {
    preset: Providers.asana,
    golang: ['https://app.asana.com/-/oauth_authorize', 'https://app.asana.com/-/oauth_token'],
  },
  {
    preset: Providers.atlassian,
    arctic: ['https://auth.atlassian.com/authorize', 'https://auth.atlassian.com/oauth/token'],
  },
  {
    preset: Providers.auth0,
    variables: { domain },
    arctic: [`https://${domain}/authorize`, `https://${domain}/oauth/token`, `https://${domain}/oauth/revoke`],
  },
  {
    preset: Providers.bitbucket,
    golang: ['https://bitbucket.org/site/oauth2/authorize', 'https://bitbucket.org/site/oauth2/access_token'],
    arctic: ['https://bitbucket.org/site/oauth2/authorize', 'https://bitbucket.org/site/oauth2/access_token'],
  },
  {
    preset: Providers.cognito,
    variables: { domain },
    golang: [`https://${domain}/oauth2/authorize`, `https://${domain}/oauth2/token`],
    arctic: [`https://${domain}/oauth2/authorize`, `https://${domain}/oauth2/token`, `https://${domain}/oauth2/revoke`],
  },
  {
    preset: Providers.discord,
    golang: ['https://discord.com/oauth2/authorize', 'https://discord.com/api/oauth2/token'],
    arctic: [
      'https://discord.com/oauth2/authorize',
      'https://discord.com/api/oauth2/token',
      'https://discord.com/api/oauth2/token/revoke',
    ],
  },
  {
    preset: Providers.dropbox,
    golang: ['https://www.dropbox.com/oauth2/authorize', 'https://api.dropboxapi.com/oauth2/token'],
    arctic: [
      'https://www.dropbox.com/oauth2/authorize',
      'https://api.dropboxapi.com/oauth2/token',
      'https://api.dropboxapi.com/2/auth/token/revoke',
    ],
  },
  {
    preset: Providers.figma,
    arctic: ['https://www.figma.com/oauth', 'https://api.figma.com/v1/oauth/token'],
  },
  ...[Providers.github, Providers.githubApp].map(
    (preset): Anchor => ({
      preset,
      golang: [
        'https://github.com/login/oauth/authorize',
        'https://github.com/login/oauth/access_token',
        'https://github.com/login/device/code',
      ],
      arctic: ['https://github.com/login/oauth/authorize', 'https://github.com/login/oauth/access_token'],
    }),
  ),
  {
    preset: Providers.gitlab,
    golang: [
      'https://gitlab.com/oauth/authorize',
      'https://gitlab.com/oauth/token',
      'https://gitlab.com/oauth/authorize_device',
    ],
    arctic: ['https://gitlab.com/oauth/authorize', 'https://gitlab.com/oauth/token', 'https://gitlab.com/oauth/revoke'],
  },
  {
    preset: Providers.google,
    golang: [
      'https://accounts.google.com/o/oauth2/auth',
      'https://oauth2.googleapis.com/token',
      'https://oauth2.googleapis.com/device/code',
    ],
    arctic: [
      'https://accounts.google.com/o/oauth2/v2/auth',
      'https://oauth2.googleapis.com/token',
      'https://oauth2.googleapis.com/revoke',
    ],
    differs: { 'golang authorization': "Google's page has the path of version 2" },
  },
  {
    preset: Providers.keycloak,
    variables: { url: 'https://keycloak.example.com', realm: 'acme' },
    arctic: [
      'https://keycloak.example.com/realms/acme/protocol/openid-connect/auth',
      'https://keycloak.example.com/realms/acme/protocol/openid-connect/token',
      'https://keycloak.example.com/realms/acme/protocol/openid-connect/revoke',
    ],
  },
  {
    preset: Providers.linear,
    arctic: ['https://linear.app/oauth/authorize', 'https://api.linear.app/oauth/token'],
  },
  {
    preset: Providers.linkedin,
    golang: ['https://www.linkedin.com/oauth/v2/authorization', 'https://www.linkedin.com/oauth/v2/accessToken'],
    arctic: ['https://www.linkedin.com/oauth/v2/authorization', 'https://www.linkedin.com/oauth/v2/accessToken'],
  },
  {
    preset: Providers.microsoft,
    variables: { tenant: 'contoso' },
    golang: [
      'https://login.microsoftonline.com/contoso/oauth2/v2.0/authorize',
      'https://login.microsoftonline.com/contoso/oauth2/v2.0/token',
      'https://login.microsoftonline.com/contoso/oauth2/v2.0/devicecode',
    ],
    arctic: [
      'https://login.microsoftonline.com/contoso/oauth2/v2.0/authorize',
      'https://login.microsoftonline.com/contoso/oauth2/v2.0/token',
    ],
  },
  {
    preset: Providers.notion,
    arctic: ['https://api.notion.com/v1/oauth/authorize', 'https://api.notion.com/v1/oauth/token'],
  },
  {
    preset: Providers.okta,
    variables: { domain, server: 'aus1' },
    arctic: [
      `https://${domain}/oauth2/aus1/v1/authorize`,
      `https://${domain}/oauth2/aus1/v1/token`,
      `https://${domain}/oauth2/aus1/v1/revoke`,
    ],
  },
  {
    preset: Providers.quickbooks,
    arctic: [
      'https://appcenter.intuit.com/connect/oauth2',
      'https://oauth.platform.intuit.com/oauth2/v1/tokens/bearer',
      'https://developer.API.intuit.com/v2/oauth2/tokens/revoke',
    ],
  },
  {
    preset: Providers.salesforce,
    variables: { domain },
    arctic: [
      `https://${domain}/services/oauth2/authorize`,
      `https://${domain}/services/oauth2/token`,
      `https://${domain}/services/oauth2/revoke`,
    ],
  },
  {
    preset: Providers.shopify,
    variables: { shop: 'acme.myshopify.com' },
    golang: ['https://acme.myshopify.com/admin/oauth/authorize', 'https://acme.myshopify.com/admin/oauth/access_token'],
  },
  {
    preset: Providers.slack,
    golang: ['https://slack.com/oauth/v2/authorize', 'https://slack.com/api/oauth.v2.access'],
  },
  {
    preset: Providers.spotify,
    golang: ['https://accounts.spotify.com/authorize', 'https://accounts.spotify.com/api/token'],
    arctic: ['https://accounts.spotify.com/authorize', 'https://accounts.spotify.com/api/token'],
  },
  {
    preset: Providers.x,
    golang: ['https://x.com/i/oauth2/authorize', 'https://api.x.com/2/oauth2/token'],
    arctic: [
      'https://x.com/i/oauth2/authorize',
      'https://api.x.com/2/oauth2/token',
      'https://api.x.com/2/oauth2/revoke',
    ],
  },
  {
    preset: Providers.zoom,
    golang: ['https://zoom.us/oauth/authorize', 'https://zoom.us/oauth/token'],
    arctic: ['https://zoom.us/oauth/authorize', 'https://zoom.us/oauth/token', 'https://zoom.us/oauth/revoke'],
  },
]

/** Of neither list, or of another flow: arctic's Slack is OpenID Connect. */
const WITHOUT = ['docusign', 'hubspot', 'xero', 'zoho']

test('every preset is compared, or in neither list', () => {
  const compared = ANCHORS.map(({ preset }) => preset.name)
  expect([...compared, ...WITHOUT].sort()).toEqual(Providers.all.map(({ name }) => name))
})

const normal = (url: string | undefined): string | undefined => (url === undefined ? undefined : new URL(url).href)

test.each(ANCHORS.map((anchor) => [anchor.preset.name, anchor] as const))('%s', (_, anchor) => {
  const { preset, variables, golang, arctic, differs = {} } = anchor
  const ours = right(Providers.endpoints({ preset, variables, clientId: 'app' }))
  const differences = [
    ['golang authorization', golang?.[0], ours.authorization],
    ['golang token', golang?.[1], ours.token],
    ['golang device', golang?.[2], ours.deviceAuthorization],
    ['arctic authorization', arctic?.[0], ours.authorization],
    ['arctic token', arctic?.[1], ours.token],
    ['arctic revocation', arctic?.[2], ours.revocation],
  ].filter(([, theirs, own]) => theirs !== undefined && normal(theirs) !== normal(own))
  expect(differences.map(([name]) => name)).toEqual(Object.keys(differs))
})
