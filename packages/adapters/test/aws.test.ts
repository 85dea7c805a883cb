import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { memoryStore, TokenSource } from '@tessera/core'
import { accessToken, openSource, run } from '@tessera/node'
import { SubjectToken } from '@tessera/oauth2'
import { pipe } from 'fp-ts/lib/function.js'
import { assumeRoleWithWebIdentity, awsCredentials } from '../src/aws.js'
import { openRig, type Rig } from './support/rig.js'
import { startApi } from './support/startApi.js'
import { testAdapter } from './support/testAdapter.js'

const refused = (code: string) => ({
  status: 403,
  body: `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>No.</Message></Error><RequestId>r-1</RequestId></ErrorResponse>`,
})

/** A security token service: credentials for an hour by a token that is good, and who the caller is by credentials that are. */
const startSts = async (rig: Rig) => {
  const subjects = new Map<string, string>()
  const api = await startApi(({ body, header }) => {
    const form = new URLSearchParams(body)
    if (form.get('Action') === 'GetCallerIdentity') {
      const subject = subjects.get(header('x-amz-security-token'))
      if (rig.isForbidden()) return refused('AccessDenied')
      if (subject === undefined || !rig.isGood(subject)) return refused('ExpiredToken')
      return {
        status: 200,
        body: '<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>',
      }
    }
    const subject = form.get('WebIdentityToken') ?? ''
    if (!rig.isGood(subject)) return refused('ExpiredTokenException')
    const session = `session-${subjects.size}`
    subjects.set(session, subject)
    const end = new Date(Date.now() + 3_600_000).toISOString()
    return {
      status: 200,
      body: `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>secret/key+</SecretAccessKey><SessionToken>${session}</SessionToken><Expiration>${end}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
    }
  })
  return { ...api, assumed: () => subjects.size }
}

const roleOf = ({ tokens, env }: Rig, endpoint: string): TokenSource =>
  openSource(
    pipe(
      assumeRoleWithWebIdentity({
        subject: SubjectToken.ofTokens({ tokens }),
        roleArn: 'arn:aws:iam::123456789012:role/deploy',
        roleSessionName: 'reports',
        region: 'eu-central-1',
        endpoint,
      }),
      TokenSource.make({ store: memoryStore() }),
    ),
    env,
  )

testAdapter(
  'AWS',
  async (rig) => {
    const sts = await startSts(rig)
    const role = roleOf(rig, sts.url)
    const client = new STSClient({
      region: 'eu-central-1',
      endpoint: sts.url,
      credentials: awsCredentials(role),
      maxAttempts: 1,
      requestHandler: { socketAcquisitionWarningTimeout: 600_000 },
    })
    return {
      use: () => client.send(new GetCallerIdentityCommand()),
      close: async () => {
        client.destroy()
        await run(role.close())
        await sts.close()
      },
    }
  },
  { tellsRefusals: false },
)

test('what STS refuses is said in its words, without the token', async () => {
  const rig = await openRig()
  const sts = await startSts(rig)
  const role = roleOf(rig, sts.url)
  const subject = await accessToken(rig.tokens)
  rig.server.expireAccessTokens()
  const error: unknown = await accessToken(role).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ error: { _tag: 'Rejected', answer: { status: 403 } } })
  expect(String(error)).toContain('ExpiredTokenException: No. (request id r-1)')
  expect(String(error)).not.toContain(subject)
  await run(role.close())
  await Promise.all([sts.close(), rig.close()])
})
