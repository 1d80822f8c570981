/** The key that the sandbox signs the demo merchant's webhooks with. Published: it proves nothing to anybody, and live mode never uses it. */
import { createPrivateKey } from 'node:crypto';

/** PKCS #8 in base64. */
const encoded = [
  'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCsZiPtGkU3cOuaKX+bPaLhunuklVO2akF5rTGonVSo0UsbOitZbx89qPxEOqCMzl7KA3Ri',
  'ark8R0i684fKDFbh6xTfalGkVuNTEqh4hhqo58P3uB2yhmq8CVOujNg9UjRXyTeKflfJgj0S1apFi4JlBD1hrDDIFHAYnqQVKvZOHay2sVGmE5UZtHv+c/kD',
  'EzMZPbHodtO1yVJSV/zTD6wQe3KC6GiCTtRQxjNMiiq/8ok68wZxxyS3i9gHYzA55oDE5uJE1tMnRFyYdk2JK2U5JbpOUK45km6SLwy+zAMeTJbDU6tnimsg',
  'p10c8eER7cqakWUgAmqBNsyayJDE5KvRAgMBAAECggEAEo9We86xt/PEsY6ZKc3bbMDGUeQvpHpQ/Tf7miMB+8C4fMBo7VJswxcfvXqwUShghRAVJglGUup7',
  'toDEVCi668yCrUDFdFNUWtut3nfVg+ybqN4d+FvHPuIkK60HFKb2cqL7g0Hx0oRebdop4B3SVmy77Pl8MPYeUVA26v56kNMsbNzA13kiwUHVqhzxCcXzP3i1',
  'RKtUWt7PK/rjt9bToGkD9ooYmwhT3sn24NvC2dBU20Ke+aaAGJlgIqxC15xYTBX0U3bXG0wLCwhXbAdHxG70Oa504lj0s5+bbMGRHU7AKI9HF3ETajpZsx5A',
  'SUGERdZX4gyqvSoIo1/rfn98bwKBgQDujNVmmiWm9H/c6pckJTZqQeIVxMhP/hISDOiqU5nO0rGP98tHgqe8ItNJNzKxWMSsmMdUIQE12R31fhXQkynJ29vV',
  'Qz/FVXqlrlSb7aixvpab34nNH18Ni5RY9lorTWeFUyepibVzeEadUrznXDkJi4msc3nuYeXBn8ra7Q9OLwKBgQC5AooEsOTxFpR3v3Z4NVMo1S6zOGVrhvsU',
  '/gtadDFTUXenBJbyQrB6MiCk3EMl0hnKbxDbLefG4Wx2GcBpJOg42E6mj97pUCQDLiZSVL/5PqDfv2SMRy4iXGLS1CWBuB4uEqvGaFtwsHWmuAx31PQaweej',
  'eFGq8+ACDtYOk/cl/wKBgQCiqFcOmgcYe1kAOtmKJPGgrIHLlB1+JeEOe8zd7xlOZG38m9r5TMawyxJEtyWStdONWLN50vNvUzdRYILhcKcq5AZWuX8vQCTb',
  '+i3pELlZUXqCmH7u5fg7VTR3IKvFIQd4aoX93U9jh9ymg3cZTtH5hzL96tN2TzyJtTpt4vzvswKBgHYA6ZluXshrV409gMnRcVZFC0FiwkWgVbuhAgrSu7dh',
  '6giMg97HrJp0KKAeoXGZHbwhtUWndQNEOxLk//XQhZHkXd4dO9fituWUZPr0dXH7gU7VW8Ohjwp5lMrWZ4nirtVCMXAeldw9oP0SvVkdagk7Do0UrDp2zLVj',
  'UyL/O49vAoGAZBSXLL0Aza7KeShiE88Wf37+ISBKbFd7bkFI1T7XkECjBLuBYZARHmJeW9+BTY8UhF/ry0teZYbDU2jVmFGmiiB0+L/LteEgILldKNnzdX8F',
  '02b3vtXy0lv5ljb9xvC+oGFj72hWK64t9alBKSTWBiB/PutkwTNwxMoGnORz1+g=',
].join('');

export const demoWebhookKey: string = createPrivateKey({ key: Buffer.from(encoded, 'base64'), format: 'der', type: 'pkcs8' })
  .export({ format: 'pem', type: 'pkcs8' })
  .toString();
