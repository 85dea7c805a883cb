/** A command whose login takes the first code that comes to its address, and asks for no state. */
import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'

const [command] = process.argv.slice(2)
const file = join(process.env['HOME'] ?? '', 'token')
const settings = JSON.parse(readFileSync(join(process.env['XDG_CONFIG_HOME'] ?? '', 'tessera', 'default.json'), 'utf8'))
const { clientID, clientSecret } = settings.boxAppSettings
const { baseUrl } = settings.tessera

const exchange = async (code) => {
  const answer = await fetch(`${baseUrl}/oauth2/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      client_id: clientID,
      client_secret: clientSecret,
    }),
  })
  return (await answer.json()).access_token
}

if (command === 'token') process.stdout.write(`${readFileSync(file, 'utf8')}\n`)
else {
  let host = ''
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '', 'http://127.0.0.1')
    // Of the path as it was sent: a URL takes `/x/../callback` for the same, with the person's own code.
    const isCallback =
      request.method === 'GET' && request.url?.startsWith('/callback?') && request.headers.host === host
    const code = isCallback ? url.searchParams.get('code') : null
    const token = code === null ? undefined : await exchange(code)
    const end = () => {
      if (token !== undefined) process.exit(0)
    }
    if (token !== undefined) writeFileSync(file, token)
    response.on('close', end).writeHead(token === undefined ? 400 : 200)
    response.end(`Welcome, ${code}`, end)
    // Whoever asked may be gone.
    if (response.destroyed) end()
  })
  server.listen(0, '127.0.0.1', () => {
    host = `127.0.0.1:${server.address().port}`
    const url = new URL(`${baseUrl}/api/oauth2/authorize`)
    url.search = new URLSearchParams({
      response_type: 'code',
      client_id: clientID,
      redirect_uri: `http://${host}/callback`,
      state: randomBytes(18).toString('hex'),
    }).toString()
    process.stderr.write(`open this address in a browser:\n\n  ${url}\n`)
  })
}
