/**
 * Whose program is at the other end of a connection within this machine. Linux tells by its tables of connections (proc(5)).
 *
 * @packageDocumentation
 */
import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'

const TABLE = '/proc/net/tcp'

/** Of sockets that speak IPv6, and reach 127.0.0.1 as an address that is mapped (RFC 4291 §2.5.5.2): those of Java, say. */
const MAPPED = '/proc/net/tcp6'

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0')

const isLittle = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1

/** What is before an address that is mapped, in the order of the machine's bytes. */
const PREFIX = `${'0'.repeat(16)}${isLittle ? 'FFFF0000' : '0000FFFF'}`

/** An address as the tables have it: 127.0.0.1 in the order of the machine's bytes. */
const entry = (address: string, port: number): string => {
  const bytes = Buffer.from(address.split('.').map(Number))
  return `${(isLittle ? bytes.reverse() : bytes).toString('hex').toUpperCase()}:${hex(port, 4)}`
}

/** The user of the other end; none where the system does not tell. */
const userOf = async ({
  remoteAddress = '',
  remotePort = 0,
  localAddress = '',
  localPort = 0,
}: Socket): Promise<number | undefined> => {
  const [there, here] = [entry(remoteAddress, remotePort), entry(localAddress, localPort)]
  for (const [file, prefix] of [
    [TABLE, ''],
    [MAPPED, PREFIX],
  ] as const) {
    const table = await readFile(file, 'utf8').catch(() => '')
    for (const line of table.split('\n')) {
      const [, local, remote, , , , , user] = line.trim().split(/\s+/)
      if (local === prefix + there && remote === prefix + here) return Number(user)
    }
  }
  return undefined
}

/** Whether the other end of a connection is a program of the user of this process. */
export const isOwnUser = async (socket: Socket): Promise<boolean> => (await userOf(socket)) === process.geteuid?.()

/** Whether the system tells. */
export const tellsUsers = (): Promise<boolean> =>
  readFile(TABLE).then(
    () => true,
    () => false,
  )
