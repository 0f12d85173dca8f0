import { randomBytes } from 'node:crypto';

/** Bytes of every record's value. */
export const valueBytes = 1024;
/** Different values: more than fit into any batch or compression window that matters. */
const distinct = 8192;

/** Values of random characters, one a line: what no codec makes much smaller. */
export function randomPayloads(): string {
  return Array.from({ length: distinct }, () =>
    randomBytes((valueBytes / 4) * 3).toString('base64'),
  ).join('\n');
}

const actions = ['created', 'paid', 'packed', 'shipped', 'delivered', 'returned'];
const cities = ['Berlin', 'Lyon', 'Porto', 'Gdansk', 'Turin', 'Malmo', 'Ghent', 'Graz'];
const goods = [
  'espresso machine',
  'filter papers',
  'coffee grinder',
  'beans 1 kg',
  'milk jug',
  'descaler',
];

const pick = (names: readonly string[], number: number): string =>
  names[number % names.length] ?? '';

function event(number: number): object {
  const random = randomBytes(24);
  return {
    eventId: random.toString('hex', 0, 16),
    eventType: `order.${pick(actions, random.readUInt8(16))}`,
    eventTime: new Date(1.7e12 + number * 997).toISOString(),
    customer: {
      id: `customer-${String(random.readUInt32BE(16) % 100_000)}`,
      city: pick(cities, random.readUInt8(17)),
      newsletter: number % 3 === 0,
    },
    items: Array.from({ length: 1 + (random.readUInt8(18) % 5) }, (_, item) => ({
      sku: `SKU-${String(random.readUInt16BE(18 + item) % 5000).padStart(6, '0')}`,
      description: pick(goods, random.readUInt8(18 + item)),
      quantity: 1 + (random.readUInt8(19) % 4),
      unitPriceCents: 250 + random.readUInt8(18 + item) * 10,
      currency: 'EUR',
    })),
  };
}

const words =
  'please leave the parcel with neighbour on second floor if nobody answers ring twice because bell is quiet thank you ' +
  'customer asked for another colour and would rather wait than take what is there call before coming after six in evening ' +
  'gift wrap this one no invoice inside card says happy birthday from all of us at office';
const vocabulary = words.split(' ');

/** A remark as people type them: few words, in any order. */
function remark(length: number): string {
  let text = '';
  for (const byte of randomBytes(Math.ceil(length / 2))) {
    if (text.length >= length) break;
    text += `${pick(vocabulary, byte)} `;
  }
  return text.slice(0, length).padEnd(length);
}

/** Order events of exactly {@link valueBytes} bytes, one a line: text such as applications write, which zstd makes several times smaller. */
export function jsonPayloads(): string {
  return Array.from({ length: distinct }, (_, number) => {
    const open = JSON.stringify(event(number)).slice(0, -1) + ',"remark":"';
    return `${open}${remark(valueBytes - open.length - 2)}"}`;
  }).join('\n');
}
