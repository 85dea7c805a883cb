// A Box application that acts as its service account: from the settings file of the developer console to a call.
import { readFile } from 'node:fs/promises'
import * as Box from '@tessera/box'
import { connect } from '@tessera/node'
import { startSandbox } from '@tessera/sandbox'

// A local server that speaks Box, and its settings file. With Box itself: leave both lines out, and `server` below.
const box = await startSandbox()
await box.writeSettings('box_config.json')

const settings = await readFile('box_config.json', 'utf8')
const api = connect(Box.serviceAccount({ settings, server: Box.serverAt(box.url) }), { origins: [box.url] })

const me = await api.fetch(`${box.url}/2.0/users/me`) // https://api.box.com/2.0/users/me
console.log(me.status, await me.json())

await box.close()
