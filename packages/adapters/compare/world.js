// A session whose access token has ended, an API, a security token service and a mail server that take its tokens, and how often a token
// was asked for.
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { instant, memoryStore } from '@tessera/core'
import { nodeEnv, systemClock } from '@tessera/node'
import { startSandbox } from '@tessera/sandbox'
import { SMTPServer } from 'smtp-server'

const CLAIMS = Buffer.from('{"access_token":{}}').toString('base64')
const HOUR = 3_600_000

const listening = (server) =>
  new Promise((done) =>
    server.listen({ port: 0, host: '127.0.0.1', backlog: 2_048 }, () => done(server.address().port)),
  )

/** What STS answers: credentials by a token that is good, and who the caller is by credentials that are. */
const makeSts = (isGood) => {
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

const startMail = async (isGood) => {
  const server = new SMTPServer({
    authMethods: ['XOAUTH2'],
    disabledCommands: ['STARTTLS'],
    onAuth: ({ username, accessToken = '' }, _session, done) =>
      isGood(accessToken) ? done(null, { user: username }) : done(null, { data: { status: '401', schemes: 'bearer' } }),
    onData: (stream, _session, done) => {
      stream.resume()
      stream.on('end', () => done())
    },
  })
  // Clients that are refused hang up.
  server.on('error', () => undefined)
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  return { port: server.server.address().port, close: () => new Promise((done) => server.close(done)) }
}

/** @param {{ rotation: 'strict' | 'none' }} options whether a refresh token is good for once, or for ever */
export const startWorld = async ({ rotation }) => {
  let passed = 0
  const server = await startSandbox({ dialect: 'generic', rotation, now: () => Date.now() + passed })
  const { id, secret } = server.client
  const asked = async (parameters) => {
    const body = new URLSearchParams({ client_id: id, client_secret: secret, ...parameters })
    const response = await fetch(server.endpoints.token, { method: 'POST', body })
    return { status: response.status, body: await response.json() }
  }
  const sts = makeSts(server.isActive)
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
  // Beside busy cores a request may take long to come.
  Object.assign(api, { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 })
  const port = await listening(api)
  const mail = await startMail(server.isActive)
  const { accessToken, refreshToken } = server.issue()
  server.expireAccessTokens()
  const env = nodeEnv({ clock: { ...systemClock, now: () => instant(Date.now() + passed) } })
  const closing = []
  return {
    api: `http://127.0.0.1:${port}`,
    mail: mail.port,
    server,
    client: { id, secret },
    asked,
    /** As each process finds it when it starts. */
    session: { access_token: accessToken, refresh_token: refreshToken, expiry_date: 1 },
    /** What processes share. */
    store: memoryStore(),
    env,
    /** Lets the server end its tokens: a token that has just come is not renewed at a refusal, so that some time passes before. */
    end: () => {
      passed += 2_000
      server.expireAccessTokens()
    },
    atTheEnd: (close) => closing.push(close),
    close: async () => {
      for (const each of closing) await each()
      await env.close()
      api.closeAllConnections()
      await new Promise((done) => api.close(done))
      await mail.close()
      await server.close()
    },
  }
}
