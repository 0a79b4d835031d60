// Pictures, videos and sounds, generated when needed.

/** @typedef {import('./portal.js').Visit} Visit */

/** A picture of a front door (PNG). @param {Visit} visit @param {number} width @param {number} height */
export async function picture(visit, width, height) {
  const letters = await visit.evaluate(
    ([width, height]) => {
      const canvas = Object.assign(document.createElement('canvas'), { width, height });
      const brush = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
      brush.scale(width / 400, height / 300);
      const wall = brush.createLinearGradient(0, 0, 400, 300);
      wall.addColorStop(0, '#f3dcc0');
      wall.addColorStop(1, '#c99b72');
      /** @param {string | CanvasGradient} color @param {[number, number, number, number][]} areas */
      const paint = (color, ...areas) => {
        brush.fillStyle = color;
        for (const area of areas) brush.fillRect(...area);
      };
      paint(wall, [0, 0, 400, 300]);
      paint('#8d9aa3', [0, 262, 400, 38]);
      paint('#ffffff', [136, 58, 128, 206], [36, 92, 76, 96], [288, 92, 76, 96]);
      paint('#9fc4d8', [42, 98, 31, 84], [75, 98, 31, 84], [294, 98, 31, 84], [327, 98, 31, 84]);
      paint('#1f5c4d', [146, 68, 108, 196]);
      paint('#2f7a67', [158, 82, 36, 70], [206, 82, 36, 70], [158, 170, 36, 76], [206, 170, 36, 76]);
      paint('#e9c46a', [238, 158, 8, 14]);
      paint('#b8c1c7', [120, 262, 160, 12], [104, 274, 192, 12]);
      return canvas.toDataURL('image/png').split(',')[1] ?? '';
    },
    [width, height],
  );
  return Buffer.from(letters, 'base64');
}

/** A video of one second with a sunrise (WebM). @param {Visit} visit */
export async function film(visit) {
  const letters = await visit.evaluate(async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
    const brush = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    const recorder = new MediaRecorder(canvas.captureStream(), { mimeType: 'video/webm' });
    /** @type {Blob[]} */
    const parts = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    const ended = new Promise((resolve) => (recorder.onstop = resolve));
    recorder.start();
    for (let step = 0; step < 25; step += 1) {
      brush.fillStyle = '#f7c9a0';
      brush.fillRect(0, 0, 640, 360);
      brush.fillStyle = '#f08a4b';
      brush.beginPath();
      brush.arc(320, 300 - step * 5, 70, 0, 2 * Math.PI);
      brush.fill();
      brush.fillStyle = '#2f5d62';
      brush.fillRect(0, 270, 640, 90);
      await new Promise((resolve) => setTimeout(resolve, 40));
    }
    recorder.stop();
    await ended;
    const reader = new FileReader();
    const read = new Promise((resolve) => (reader.onload = resolve));
    reader.readAsDataURL(new Blob(parts));
    await read;
    return String(reader.result).split(',')[1] ?? '';
  });
  return Buffer.from(letters, 'base64');
}

/** A tone of two seconds (WAV, PCM of 16 bits). */
export function sound() {
  const rate = 8000;
  const tones = Buffer.alloc(2 * rate * 2);
  for (let at = 0; at < 2 * rate; at += 1)
    tones.writeInt16LE(Math.round(8000 * Math.sin((at * 2 * Math.PI * 440) / rate)), 2 * at);
  const head = Buffer.alloc(44);
  head.write('RIFF');
  head.writeUInt32LE(36 + tones.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(2 * rate, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(tones.length, 40);
  return Buffer.concat([head, tones]);
}
