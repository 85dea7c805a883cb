import { drive } from '@googleapis/drive'
import { googleAuthClient, googleSubjectTokenSupplier } from '../src/google.js'
import { hostOf } from './support/hostOf.js'
import { openRig } from './support/rig.js'
import { startApi } from './support/startApi.js'
import { testAdapter } from './support/testAdapter.js'

// Jest does not load the module by which it sends.
const { IdentityPoolClient, OAuth2Client } = hostOf<typeof import('google-auth-library')>('google-auth-library')

testAdapter('googleapis', (rig) => {
  const auth = googleAuthClient({ tokens: rig.tokens, client: new OAuth2Client() })
  const files = drive({ version: 'v3', auth, rootUrl: rig.api, retry: false }).files
  return { use: () => files.get({ fileId: '1' }) }
})

test('an AuthClient says the token and the headers, with the project that pays', async () => {
  const rig = await openRig()
  const client = new OAuth2Client()
  client.quotaProjectId = 'payer'
  const auth = googleAuthClient({ tokens: rig.tokens, client })
  const { token } = await auth.getAccessToken()
  expect(rig.isGood(token ?? '')).toBe(true)
  expect(Object.fromEntries(await auth.getRequestHeaders())).toEqual({
    authorization: `Bearer ${token}`,
    'x-goog-user-project': 'payer',
  })
  await rig.close()
})

test('workload identity: each exchange is of a subject that is valid then', async () => {
  const rig = await openRig()
  let exchanges = 0
  const sts = await startApi(({ body }) => {
    exchanges++
    const isGood = rig.isGood(new URLSearchParams(body).get('subject_token') ?? '')
    const issued = { access_token: `google-${exchanges}`, token_type: 'Bearer', expires_in: 3_600 }
    return isGood ? { status: 200, body: issued } : { status: 400, body: { error: 'invalid_grant' } }
  })
  const client = new IdentityPoolClient({
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/provider',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: sts.url,
    subject_token_supplier: googleSubjectTokenSupplier({ tokens: rig.tokens }),
  })
  const all = () => Promise.all(Array.from({ length: 1_000 }, () => client.getAccessToken()))
  await all()
  // Google's client looks at the date by `new Date()`.
  client.setCredentials({ ...client.credentials, expiry_date: 1 })
  rig.expire()
  expect(new Set((await all()).map(({ token }) => token))).toEqual(new Set(['google-2']))
  expect([rig.requests(), exchanges]).toEqual([1, 2])
  await Promise.all([sts.close(), rig.close()])
})
