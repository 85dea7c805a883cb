// A session whose access token has ended and whose refresh token is good for once, an API, a security token service, and how often each
// was asked.
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { startSandbox } from '@tessera/sandbox'

const CLAIMS = Buffer.from('{"access_token":{}}').toString('base64')
const HOUR = 3_600_000

/** What STS answers: credentials by a token that is good, and who the caller is by credentials that are. */
const startSts = (isGood) => {
  const subjects = new Map()
  return (form, session) => {
    const known = form.get('Action') === 'GetCallerIdentity' ? subjects.get(session) : form.get('WebIdentityToken')
    if (known === undefined || !isGood(known)) {
      return [403, '<ErrorResponse><Error><Code>ExpiredToken</Code><Message>No.</Message></Error></ErrorResponse>']
    }
    if (form.get('Action') === 'GetCallerIdentity') return [200, '<GetCallerIdentityResponse/>']
    const next = `session-${subjects.size}`
    subjects.set(next, known)
    const end = new Date(Date.now() + HOUR).toISOString()
    const credentials = `<AccessKeyId>A</AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>${next}</SessionToken><Expiration>${end}</Expiration>`
    const result = `<AssumeRoleWithWebIdentityResult><Credentials>${credentials}</Credentials></AssumeRoleWithWebIdentityResult>`
    return [200, `<AssumeRoleWithWebIdentityResponse>${result}</AssumeRoleWithWebIdentityResponse>`]
  }
}

export const startWorld = async () => {
  const server = await startSandbox({ dialect: 'generic', rotation: 'strict' })
  const sts = startSts(server.isActive)
  const { id, secret } = server.client
  const asked = async (parameters) => {
    const body = new URLSearchParams({ client_id: id, client_secret: secret, ...parameters })
    const response = await fetch(server.endpoints.token, { method: 'POST', body })
    return { status: response.status, body: await response.json() }
  }
  const refresh = async (refresh_token) => {
    const { status, body } = await asked({ grant_type: 'refresh_token', refresh_token })
    if (status !== 200) throw new Error(body.error)
    return body
  }
  const respond = async (request, response) => {
    const { headers, url } = request
    const body = await text(request)
    if (url === '/login/oauth/access_token') {
      const answer = await asked(JSON.parse(body))
      // GitHub says how long a refresh token lives.
      const said = JSON.stringify({ ...answer.body, refresh_token_expires_in: 15_897_600 })
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(said)
    } else if (body.includes('Action=')) {
      const [status, xml] = sts(new URLSearchParams(body), headers['x-amz-security-token'])
      response.writeHead(status, { 'content-type': 'text/xml' }).end(xml)
    } else {
      const isGood = server.isActive((headers.authorization ?? '').replace(/^\S+ /, ''))
      const challenge = `Bearer error="insufficient_claims", claims="${CLAIMS}"`
      response.writeHead(isGood ? 200 : 401, {
        'content-type': 'application/json',
        ...(!isGood && { 'www-authenticate': challenge }),
      })
      response.end('{}')
    }
  }
  const api = createServer((request, response) => void respond(request, response))
  api.keepAliveTimeout = 0
  await new Promise((done) => api.listen({ port: 0, host: '127.0.0.1', backlog: 2_048 }, done))
  const { accessToken, refreshToken } = server.issue()
  server.expireAccessTokens()
  return {
    api: `http://127.0.0.1:${api.address().port}`,
    server,
    client: { id, secret },
    asked,
    refresh,
    /** As an application holds it. */
    session: { access_token: accessToken, refresh_token: refreshToken },
    close: async () => {
      api.closeAllConnections()
      await new Promise((done) => api.close(done))
      await server.close()
    },
  }
}
