// One of several processes of a web application: `fork`ed, it says when it listens. What it sends and gets as tokens it tells its parent,
// who looks for it everywhere else.
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { tokenTelemetry } from '@tessera/adapters/opentelemetry'
import { Secret, seconds } from '@tessera/core'
import { aesGcm, connectUsers, encrypted, keyVariable, nodeEnv, run, systemClock } from '@tessera/node'
import { Client, discovery, refreshToken, revocation } from '@tessera/oauth2'
import { sqlStoreAt } from '@tessera/store-sql'
import { fastifySessions } from '@tessera/web/fastify'
import Fastify from 'fastify'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'

const {
  ISSUER = '',
  CLIENT_ID = '',
  CLIENT_SECRET = '',
  DATABASE_URL = '',
  REDIRECT_URI = '',
  TIMEOUT = '15',
  PORT = '0',
} = process.env

/** @param {object} message */
const tell = (message) => void process.send?.(message)
process.once('disconnect', () => process.exit())

const live = nodeEnv()
const env = {
  ...live,
  http: {
    /** @param {Parameters<typeof live.http.send>[0]} request */
    send: (request) => {
      const sent = O.isSome(request.body) ? Secret.open(request.body.value) : ''
      const isRenewal = sent.includes('grant_type=refresh_token')
      tell({ kind: 'sent', secret: sent, isRenewal })
      return pipe(
        live.http.send(request),
        TE.map((response) => {
          tell({ kind: 'got', secret: Secret.open(response.body), isRenewal })
          return response
        }),
      )
    },
  },
}
const server = await run(discovery({ issuer: ISSUER }), env)
const client = Client.make({ id: CLIENT_ID, secret: CLIENT_SECRET, server })
const cipher = await run(TE.fromEither(pipe(keyVariable('APP_KEY')(), E.flatMap(aesGcm))))
const database = sqlStoreAt(DATABASE_URL)
const store = encrypted(cipher)(database)

const reader = new PrometheusExporter({ preventServerStart: true })
const meter = new MeterProvider({ readers: [reader] }).getMeter('replica')
const exporter = {
  /** @type {import('@opentelemetry/sdk-trace-base').SpanExporter['export']} */
  export: (spans, done) => {
    for (const { name, attributes, events, status, resource } of spans)
      tell({ kind: 'span', text: JSON.stringify({ name, attributes, events, status, resource: resource.attributes }) })
    done({ code: 0 })
  },
  shutdown: async () => undefined,
}
const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
const tracer = tracers.getTracer('replica')
const telemetry = tokenTelemetry({ meter, tracer, clock: systemClock })

const users = connectUsers(() => refreshToken({ client }), {
  ...telemetry.config({ store, observe: ({ _tag }) => tell({ kind: 'event', event: _tag }) }),
  env,
  revocation: revocation({ client }),
  origins: [ISSUER],
  timeout: seconds(Number(TIMEOUT)),
})

// The query of a callback has the code, which is nothing for a log.
const serializers = {
  /** @param {import('fastify').FastifyRequest} request */
  req: (request) => ({ method: request.method, path: request.url.split('?', 1)[0] }),
}
const app = Fastify({ logger: { level: 'info', serializers } })
const web = fastifySessions({
  client,
  redirectUri: REDIRECT_URI,
  scope: ['openid', 'offline_access'],
  users,
  cipher,
  store,
  env,
  observe: (event) => app.log.info(event),
})
await app.register(web.routes)

// A page that asks twice at once for what needs a token: the balancer sends the two to two replicas. Who has none is led to the login.
const PAGE = `<!doctype html><title>Orders</title><link rel="icon" href="data:,"><p id="who"></p><script>
  const ask = async (at) => {
    const answer = await fetch('/me?' + at)
    if (answer.status === 401) {
      location.href = '/login'
      await new Promise(() => undefined)
    }
    return answer.ok ? answer.text() : answer.status
  }
  Promise.all([ask(1), ask(2)]).then((all) => { document.getElementById('who').textContent = all.join(' ') })
</script>`
app.get(
  '/',
  web.requireSession((_, reply) => {
    reply.type('text/html')
    return PAGE
  }),
)
app.get(
  '/me',
  web.requireSession(async (_, reply, { connection, sub }) => {
    const answer = await connection.fetch(`${ISSUER}/userinfo`)
    const text = await answer.text()
    // The API had its token too late, on a machine that has much else to do.
    return answer.ok ? `${sub}/${JSON.parse(text).sub}` : reply.code(503).send('The API did not answer')
  }),
)
app.get('/metrics', async () => {
  const { resourceMetrics } = await reader.collect()
  return new PrometheusSerializer().serialize(resourceMetrics)
})

// What a careless application does with a token: it is in its log, its telemetry, its database, its page, its cookies and its URLs.
app.get(
  '/careless',
  web.requireSession(async (request, reply, { connection }) => {
    const token = await connection.token()
    tell({ kind: 'got', secret: JSON.stringify({ access_token: token }), isRenewal: false })
    request.log.info({ token }, 'who needs a token')
    tracer.startSpan('careless', { attributes: { token: Buffer.from(token).toString('hex') } }).end()
    meter.createCounter('careless').add(1, { token })
    const { version } = await run(database.get('careless'))
    await run(
      database.compareAndSet('careless', version, { version: 'careless', record: Secret.make('Record', token) }),
    )
    reply.type('text/html').header('set-cookie', `token=${Buffer.from(`token ${token}`).toString('base64url')}; Path=/`)
    return `<!doctype html><img src="/lost?token=${token}" alt=""><p id="who">${token}</p>`
  }),
)
await app.listen({ port: Number(PORT), host: '127.0.0.1' })
tell({ kind: 'ready' })
