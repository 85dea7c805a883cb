/** An SMTP server, and the part of an IMAP server that a login needs. */
import { createServer } from 'node:net'
import { ImapFlow } from 'imapflow'
import { createTransport } from 'nodemailer'
import { SMTPServer } from 'smtp-server'
import { listen, type Served } from '../../node/test/support/servers.js'
import { imapConnect } from '../src/imapflow.js'
import { smtpAuth } from '../src/nodemailer.js'
import { pooled } from './support/pooled.js'
import { openRig, type Rig } from './support/rig.js'
import { type Host, testAdapter } from './support/testAdapter.js'

const USER = 'ann@example.com'

const startSmtp = async ({ isGood }: Rig): Promise<{ readonly port: number; readonly close: () => Promise<void> }> => {
  const server = new SMTPServer({
    authMethods: ['XOAUTH2'],
    disabledCommands: ['STARTTLS'],
    onAuth: ({ username, accessToken = '' }, _session, done) => {
      if (username === USER && isGood(accessToken)) done(null, { user: username })
      else done(null, { data: { status: '401', schemes: 'bearer' } })
    },
    onData: (stream, _session, done) => {
      stream.resume()
      stream.on('end', () => done())
    },
  })
  server.on('error', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const address = server.server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { port: address.port, close: () => new Promise((resolve) => server.close(() => resolve())) }
}

const openSmtp = async (rig: Rig): Promise<Host> => {
  const smtp = await startSmtp(rig)
  const auth = smtpAuth({ tokens: rig.tokens, user: USER })
  const pool = { pool: true, maxConnections: 8, maxMessages: Number.POSITIVE_INFINITY } as const
  const open = () => createTransport({ host: '127.0.0.1', port: smtp.port, auth, ...pool })
  let transport = open()
  let sending = 0
  return {
    use: async () => {
      sending++
      await transport.sendMail({ from: USER, to: 'bob@example.com', subject: 'hello', text: 'hello' }).finally(() => {
        sending--
        if (sending > 0) return
        // A connection that is open needs no token: none is kept for the next use.
        transport.close()
        transport = open()
      })
    },
    close: () => {
      transport.close()
      return smtp.close()
    },
  }
}

testAdapter('nodemailer', openSmtp)

test('nodemailer keeps no token, and sends none that has ended', async () => {
  const rig = await openRig()
  const refused: string[] = []
  const smtp = await startSmtp({
    ...rig,
    isGood: (token) => {
      if (!rig.isGood(token)) refused.push(token)
      return rig.isGood(token)
    },
  })
  const transport = createTransport({
    host: '127.0.0.1',
    port: smtp.port,
    auth: smtpAuth({ tokens: rig.tokens, user: USER }),
  })
  const mail = { from: USER, to: 'bob@example.com', subject: 'hello', text: 'hello' }
  await transport.sendMail(mail)
  rig.expire()
  await transport.sendMail(mail)
  expect({ refused, requests: rig.requests() }).toEqual({ refused: [], requests: 1 })
  transport.close()
  await smtp.close()
  await rig.close()
})

const startImap = ({ isGood }: Rig): Promise<Served> =>
  listen(
    createServer((socket) => {
      const say = (line: string) => socket.write(`${line}\r\n`)
      const capability = 'CAPABILITY IMAP4rev1 SASL-IR AUTH=XOAUTH2'
      let refused = ''
      let received = ''
      const answer = (line: string): void => {
        const [tag = '', command = '', mechanism = '', initial = ''] = line.split(' ')
        if (refused !== '') {
          say(`${refused} NO [AUTHENTICATIONFAILED] Invalid credentials`)
          refused = ''
        } else if (command === 'AUTHENTICATE' && mechanism === 'XOAUTH2') {
          const [user, token = ''] = Buffer.from(initial, 'base64').toString().split('\x01')
          if (user === `user=${USER}` && isGood(token.replace('auth=Bearer ', ''))) {
            say(`${tag} OK [${capability}] Logged in`)
          } else {
            refused = tag
            say(`+ ${Buffer.from('{"status":"400","schemes":"Bearer"}').toString('base64')}`)
          }
        } else if (command === 'LOGOUT') {
          say('* BYE')
          say(`${tag} OK`)
          socket.end()
        } else {
          if (command === 'CAPABILITY') say(`* ${capability}`)
          if (command === 'NAMESPACE') say('* NAMESPACE (("" "/")) NIL NIL')
          say(`${tag} OK`)
        }
      }
      say(`* OK [${capability}] ready`)
      socket.on('data', (data) => {
        received += data.toString('latin1')
        const lines = received.split('\r\n')
        received = lines.pop() ?? ''
        lines.forEach(answer)
      })
    }),
  )

const openImap = async (rig: Rig): Promise<Host> => {
  const imap = await startImap(rig)
  const connect = imapConnect({
    tokens: rig.tokens,
    user: USER,
    client: (auth) => {
      const patient = { connectionTimeout: 120_000, greetingTimeout: 120_000 }
      const client = new ImapFlow({
        host: '127.0.0.1',
        port: imap.port,
        secure: false,
        logger: false,
        auth,
        ...patient,
      })
      return client.on('error', () => undefined)
    },
  })
  const using = pooled({ most: 16, open: connect, close: (client) => client.logout() })
  return { use: () => using((client) => client.noop()), close: imap.close }
}

testAdapter('imapflow', openImap)
