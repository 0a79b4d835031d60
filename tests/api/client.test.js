// Programs written for the client of the hosted product, which is installed unchanged and pointed at the portal. Its results
// are compared with what the pages show.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Office, refused } from './office.js';

test("the field's own client", async (t) => {
  const office = await Office.start(t);
  /** @type {any} */
  const api = office.client;
  /** What the tests have created so far, by name. @type {Record<string, any>} */
  const made = {};

  await t.test('finds the workspace and who works there', async () => {
    const workspace = await api.retrieveWorkspace();
    assert.equal(workspace.brandName, 'Harbor & Lee');
    assert.equal(workspace.portalUrl, office.portal.address);
    const { data } = await api.listInternalUsers({});
    assert.equal(data.length, 1);
    made.jane = await api.retrieveInternalUser({ id: data[0].id });
    assert.deepEqual(made.jane, data[0]);
    assert.deepEqual([made.jane.givenName, made.jane.role], ['Jane', 'admin']);
    await office.shows('/settings/team', 'Jane Lee', 'jane@firm.example');
  });

  await t.test('makes a company and clients, with and without an invitation', async () => {
    made.company = await api.createCompany({
      requestBody: { name: 'Brightwater', fallbackColor: '#9BBFFF' },
    });
    assert.equal(made.company.isPlaceholder, false);
    await office.shows(`/companies/${made.company.id}`, 'Brightwater');
    made.maria = await api.createClient({
      sendInvite: true,
      requestBody: {
        givenName: 'Maria',
        familyName: 'Santos',
        email: 'maria@brightwater.example',
        companyId: made.company.id,
      },
    });
    assert.equal(made.maria.status, 'invited');
    assert.match(made.maria.inviteUrl, new RegExp(`^${office.portal.address}/sign-in/link/`));
    made.oskar = await api.createClient({
      requestBody: {
        givenName: 'Oskar',
        familyName: 'Kowalski',
        email: 'oskar@brightwater.example',
        companyIds: [made.company.id],
      },
    });
    assert.deepEqual([made.oskar.status, made.oskar.inviteUrl], ['notInvited', null]);
    made.zed = await api.createClient({
      requestBody: { givenName: 'Zed', familyName: 'Alone', email: 'zed@alone.example' },
    });
    const placeholder = await api.retrieveCompany({ id: made.zed.companyId });
    assert.equal(placeholder.isPlaceholder, true);
    await office.shows('/clients', 'Maria Santos', 'Oskar Kowalski', 'Zed Alone');
    await office.shows(`/clients/${made.maria.id}`, 'Invited', 'Brightwater');
    await office.shows(`/clients/${made.oskar.id}`, 'Not invited', 'Brightwater');
    const mail = await office.portal.mailTo('maria@brightwater.example');
    assert.match(mail.text, new RegExp(`${office.portal.address}/sign-in/link/`));
  });

  await t.test('finds and changes them', async () => {
    const found = await api.listClients({ email: 'maria@brightwater.example' });
    assert.deepEqual(
      found.data.map((/** @type {any} */ one) => one.id),
      [made.maria.id],
    );
    const of = await api.listClients({ companyId: made.company.id });
    assert.deepEqual(
      of.data.map((/** @type {any} */ one) => one.id).sort(),
      [made.maria.id, made.oskar.id].sort(),
    );
    const changed = await api.updateClient({
      id: made.oskar.id,
      requestBody: { familyName: 'Nowak', customFields: { phoneNumber: '+44 20', tags: ['vip'] } },
    });
    assert.deepEqual([changed.familyName, changed.customFields.tags], ['Nowak', ['vip']]);
    await office.shows(`/clients/${made.oskar.id}`, 'Oskar Nowak');
    const replaced = await api.updateAClientDestructive({
      id: made.oskar.id,
      requestBody: { givenName: 'Oskar', familyName: 'Kowalski', companyId: made.company.id },
    });
    assert.deepEqual([replaced.customFields, replaced.companyIds], [{}, [made.company.id]]);
    made.oskar = await api.retrieveClient({ id: made.oskar.id });
    assert.equal(made.oskar.email, 'oskar@brightwater.example');
    const company = await api.updateCompany({
      id: made.company.id,
      requestBody: { name: 'Brightwater Clinic' },
    });
    assert.equal(company.name, 'Brightwater Clinic');
    await office.shows('/companies', 'Brightwater Clinic');
    const named = await api.listCompanies({ name: 'Brightwater Clinic', isPlaceholder: false });
    assert.deepEqual(named.data, [company]);
    assert.equal(
      (await refused(api.createCompany({ requestBody: { name: 'brightwater clinic' } }), 409)).field,
      'name',
    );
    await refused(api.retrieveClient({ id: made.company.id }), 404);
  });

  await t.test('makes a channel of each kind, once', async () => {
    const wanted = {
      individual: { membershipType: 'individual', clientId: made.maria.id },
      company: { membershipType: 'company', companyId: made.company.id },
      group: { membershipType: 'group', memberIds: [made.maria.id, made.oskar.id] },
    };
    const titles = {
      individual: 'Maria Santos',
      company: 'Brightwater Clinic',
      group: 'Maria Santos, Oskar Kowalski',
    };
    for (const [kind, requestBody] of Object.entries(wanted)) {
      const channel = await api.createMessageChannel({ requestBody });
      assert.equal(channel.membershipType, kind);
      assert.deepEqual(await api.createMessageChannel({ requestBody }), channel);
      assert.deepEqual(await api.retrieveMessageChannel({ id: channel.id }), channel);
      const listed = await api.listMessageChannels({ membershipType: kind, memberId: made.maria.id });
      assert.ok(listed.data.some((/** @type {any} */ one) => one.id === channel.id));
      await office.shows(`/messages/${channel.id}`, titles[/** @type {'group'} */ (kind)]);
      made[`${kind}Channel`] = channel;
    }
    const { data } = await api.listMessageChannels({ clientId: made.maria.id });
    assert.deepEqual(
      data.map((/** @type {any} */ one) => one.id),
      [made.individualChannel.id],
    );
  });

  await t.test('sends and lists messages across pages while others post', async () => {
    const channelId = made.groupChannel.id;
    const sent = [];
    for (let number = 0; number < 12; number++) {
      const senderId = number % 2 ? made.maria.id : undefined;
      sent.unshift(
        await api.sendMessage({ requestBody: { channelId, text: `Message ${number}`, senderId } }),
      );
    }
    assert.equal(sent[0].senderId, made.maria.id);
    assert.equal(sent[1].senderId, made.jane.id);
    /** @type {any[]} */
    const listed = [];
    /** @type {string | undefined} */
    let nextToken;
    do {
      const page = await api.listMessages({ channelId, limit: 5, nextToken });
      listed.push(...page.data);
      await api.sendMessage({ requestBody: { channelId, text: 'In between' } });
      nextToken = page.nextToken;
    } while (nextToken);
    assert.deepEqual(
      listed.map((message) => message.id),
      sent.map((message) => message.id),
    );
    await office.shows(`/messages/${channelId}`, 'Message 0', 'Message 11', 'In between');
    await refused(api.sendMessage({ requestBody: { channelId, text: '' } }), 400);
    await refused(api.sendMessage({ requestBody: { channelId, text: 'x', senderId: made.zed.id } }), 400);
  });

  await t.test('makes file channels of each kind, which are the message channels', async () => {
    const wanted = {
      individual: { membershipType: 'individual', clientId: made.maria.id },
      company: { membershipType: 'company', companyId: made.company.id },
      group: { membershipType: 'group', memberIds: [made.maria.id, made.oskar.id] },
    };
    for (const [kind, requestBody] of Object.entries(wanted)) {
      const channel = await api.createFileChannel({ requestBody });
      assert.deepEqual([channel.id, channel.membershipType], [made[`${kind}Channel`].id, kind]);
      assert.deepEqual(await api.retrieveFileChannel({ id: channel.id }), channel);
      const listed = await api.listFileChannels({ membershipType: kind, memberId: made.maria.id });
      assert.ok(listed.data.some((/** @type {any} */ one) => one.id === channel.id));
    }
  });

  await t.test('uploads and downloads a file', async () => {
    const channelId = made.groupChannel.id;
    made.file = await api.createFile({
      fileType: 'file',
      requestBody: { path: 'Contracts/Übersicht.txt', channelId },
    });
    assert.deepEqual(
      [made.file.status, made.file.path, made.file.downloadUrl],
      ['pending', 'Contracts/Übersicht.txt', null],
    );
    const bytes = new TextEncoder().encode('The whole of it: åäö.\n'.repeat(20_000));
    const put = await fetch(made.file.uploadUrl, { method: 'PUT', body: bytes });
    assert.equal(put.status, 200, await put.text());
    const file = await api.retrieveFile({ id: made.file.id });
    assert.deepEqual([file.status, file.size, file.contentType], ['completed', bytes.length, 'text/plain']);
    assert.equal(await api.downloadAFile({ id: file.id }), new TextDecoder().decode(bytes));
    const { downloadUrl } = await api.retrieveDownloadUrlOfAFile({ id: file.id });
    const whole = await fetch(downloadUrl);
    assert.deepEqual(new Uint8Array(await whole.arrayBuffer()), bytes);
    assert.match(whole.headers.get('content-disposition') ?? '', /^attachment; .*%C3%9Cbersicht\.txt$/);
    const part = await fetch(downloadUrl, { headers: { range: 'bytes=4-8' } });
    assert.deepEqual([part.status, await part.text()], [206, 'whole']);
    // The pages serve the same content.
    const page = await office.page(`/files/${channelId}/${file.id}/download`);
    assert.deepEqual([page.status, page.text], [200, new TextDecoder().decode(bytes)]);
    const again = await api.createFile({
      fileType: 'file',
      requestBody: { path: 'Contracts/Übersicht.txt', channelId },
    });
    assert.equal(again.path, 'Contracts/Übersicht (2).txt');
  });

  await t.test('sends a file with a message, which the conversation shows', async () => {
    const channelId = made.groupChannel.id;
    const sent = await office.call('POST', '/v1/messages', {
      channelId,
      text: 'Here it is.',
      attachmentIds: [made.file.id],
    });
    assert.equal(sent.status, 200, JSON.stringify(sent.json));
    const { data } = await api.listMessages({ channelId, limit: 1 });
    assert.deepEqual([data[0].id, data[0].isAttachmentIncluded], [sent.json.id, true]);
    const [attached] = /** @type {any} */ (data[0]).attachments;
    assert.match(await (await fetch(attached.downloadUrl)).text(), /^The whole of it: åäö/);
    assert.equal((await api.retrieveFile({ id: made.file.id })).messageId, sent.json.id);
    await office.shows(
      `/messages/${channelId}`,
      'Here it is.',
      'Übersicht.txt',
      `/files/${channelId}/${made.file.id}/`,
    );
  });

  await t.test('makes folders and links, lists them, and deletes what is empty', async () => {
    const channelId = made.groupChannel.id;
    const folder = await api.createFile({
      fileType: 'folder',
      requestBody: { path: 'Rules', channelId, clientPermissions: 'read_only' },
    });
    assert.deepEqual([folder.object, folder.clientPermissions], ['folder', 'read-only']);
    const opened = await api.putV1FilesIdPermissions({
      id: folder.id,
      requestBody: { clientPermissions: 'read_write' },
    });
    assert.equal(opened.clientPermissions, 'read-write');
    for (const [clientPermissions, shown] of [
      ['read_only', 'read-only'],
      ['read_write', 'read-write'],
    ]) {
      await api.putV1FilesIdPermissions({ id: 'root', requestBody: { channelId, clientPermissions } });
      const channel = /** @type {any} */ (await api.retrieveFileChannel({ id: channelId }));
      assert.equal(channel.clientPermissions, shown);
    }
    const link = await api.createFile({
      fileType: 'link',
      requestBody: { path: 'Rules/Site', channelId, linkUrl: 'https://example.com/rules' },
    });
    assert.deepEqual([link.object, link.linkUrl], ['link', 'https://example.com/rules']);
    const paths = async (/** @type {any} */ filter) =>
      (await api.listFiles({ channelId, ...filter })).data.map((/** @type {any} */ one) => one.path);
    assert.deepEqual(await paths({ path: 'Rules' }), ['Rules/Site']);
    const all = await paths({});
    assert.deepEqual(all, [
      'Rules/Site',
      'Rules',
      'Contracts/Übersicht (2).txt',
      'Contracts/Übersicht.txt',
      'Contracts',
    ]);
    const first = await api.listFiles({ channelId, limit: 2 });
    await api.createFile({ fileType: 'folder', requestBody: { path: 'In between', channelId } });
    const rest = await api.listFiles({ channelId, limit: 5, nextToken: first.nextToken });
    assert.deepEqual(
      [...first.data, ...rest.data].map((/** @type {any} */ one) => one.path),
      all,
    );
    assert.equal((await refused(api.deleteFile({ id: folder.id }), 400)).message, 'Folder is not empty');
    assert.deepEqual(await api.deleteFile({ id: link.id }), { id: link.id, object: 'link', deleted: true });
    assert.deepEqual(await api.deleteFile({ id: folder.id }), {
      id: folder.id,
      object: 'folder',
      deleted: true,
    });
    await refused(api.retrieveFile({ id: folder.id }), 404);
    await refused(
      api.createFile({
        fileType: 'link',
        requestBody: { path: 'x', channelId, linkUrl: 'javascript:alert(1)' },
      }),
      400,
    );
  });

  await t.test('reads, unreads and deletes notifications', async () => {
    const channelId = made.individualChannel.id;
    await api.sendMessage({ requestBody: { channelId, text: 'News for you.' } });
    const list = async (/** @type {any} */ more) =>
      (await api.listNotifications({ recipientClientId: made.maria.id, ...more })).data;
    const [found, ...others] = (await list({})).filter(
      (/** @type {any} */ one) => one.resourceId === channelId,
    );
    assert.equal(others.length, 0);
    assert.deepEqual(
      [found.object, found.recipientClientId, found.senderId],
      ['notification', made.maria.id, made.jane.id],
    );
    assert.equal(found.deliveryTargets.inProduct.isRead, false);
    await api.markNotificationRead({ id: found.id });
    assert.ok(!(await list({})).some((/** @type {any} */ one) => one.id === found.id));
    const read = (await list({ includeRead: true })).find((/** @type {any} */ one) => one.id === found.id);
    assert.equal(read.deliveryTargets.inProduct.isRead, true);
    await api.markNotificationUnread({ id: found.id });
    assert.ok((await list({})).some((/** @type {any} */ one) => one.id === found.id));
    await api.deleteNotification({ id: found.id });
    assert.ok(!(await list({ includeRead: true })).some((/** @type {any} */ one) => one.id === found.id));
    // The unread count of the channel does not change.
    await office.shows(`/messages/${channelId}`, 'News for you.');
    const [last] = (await api.listMessages({ channelId, limit: 1 })).data;
    assert.deepEqual(last.seenBy, []);
  });

  await t.test('deletes', async () => {
    assert.deepEqual(await api.deleteClient({ id: made.oskar.id }), {
      id: made.oskar.id,
      object: 'client',
      deleted: true,
    });
    await refused(api.retrieveClient({ id: made.oskar.id }), 404);
    assert.equal((await office.page(`/clients/${made.oskar.id}`)).status, 404);
    assert.deepEqual(await api.deleteCompany({ id: made.company.id }), {
      id: made.company.id,
      object: 'company',
      deleted: true,
    });
    await refused(api.retrieveCompany({ id: made.company.id }), 404);
    const maria = await api.retrieveClient({ id: made.maria.id });
    assert.equal((await api.retrieveCompany({ id: maria.companyId })).isPlaceholder, true);
    assert.ok(!(await office.page('/companies')).text.includes('Brightwater'));
    // The firm can still read what was written.
    await office.shows(`/messages/${made.groupChannel.id}`, 'Message 3');
    assert.equal((await api.listMessages({ channelId: made.groupChannel.id })).data.length, 16);
  });

  await t.test('is refused with a wrong key', async () => {
    const { OpenAPI } = await import('@assembly-js/node-sdk');
    const headers = OpenAPI.HEADERS;
    OpenAPI.HEADERS = { 'X-API-Key': 'wrong' };
    await refused(api.retrieveWorkspace(), 401);
    OpenAPI.HEADERS = headers;
    await api.retrieveWorkspace();
  });
});
