/**
 * What a service manager is told about a broker.
 */

/** Service managers whose units are known. */
export const MANAGERS = ['systemd', 'launchd'] as const
export type Manager = (typeof MANAGERS)[number]

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '%': '%%', $: '$$' }

/** As systemd reads a word of a command line (systemd.service(5)): specifiers and variables are not meant. */
const systemdWord = (text: string): string =>
  `"${text.replaceAll(/[\\"\n%$]/g, (character) => ESCAPES[character] ?? '')}"`

const systemd = (command: ReadonlyArray<string>): string => `# ~/.config/systemd/user/tessera.socket
[Unit]
Description=Tokens for the tools of this user

[Socket]
ListenStream=%t/tessera/broker.sock
SocketMode=0600
DirectoryMode=0700

[Install]
WantedBy=sockets.target

# ~/.config/systemd/user/tessera.service
[Unit]
Description=Tokens for the tools of this user
Requires=tessera.socket
After=tessera.socket

[Service]
ExecStart=${command.map(systemdWord).join(' ')}
Restart=on-failure
NoNewPrivileges=yes

# Each part goes into the file that its first line names. Then: systemctl --user enable --now tessera.socket
# The socket stays when the service is restarted, and what is asked meanwhile is answered afterwards.`

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }

const xml = (text: string): string => text.replaceAll(/[&<>]/g, (character) => ENTITIES[character] ?? '')

const launchd = (command: ReadonlyArray<string>): string => `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<!-- ~/Library/LaunchAgents/tessera.broker.plist; then: launchctl bootstrap gui/$(id -u) ~/Library/LaunchAgents/tessera.broker.plist -->
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>tessera.broker</string>
  <key>ProgramArguments</key>
  <array>
${command.map((word) => `    <string>${xml(word)}</string>`).join('\n')}
  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <true/>
</dict>
</plist>`

/** The text of its units, for a program and its arguments. */
export const unitOf = (manager: Manager, command: ReadonlyArray<string>): string =>
  manager === 'systemd' ? systemd(command) : launchd(command)
