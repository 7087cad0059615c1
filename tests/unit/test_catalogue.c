#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/io.h"
#include "model/rules.h"

/* The kinds of reason that a line of the catalogue may begin with. */
static const char *const kinds[] = { "cache", "machine", "lock", "socket",
	"temporary", "log", "database", "secret" };

static int
is_rules(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return dot != NULL && strcmp(dot, ".rules") == 0;
}

typedef void each_file(const char *name, const struct buf *text, void *arg);

static size_t
for_each_file(each_file *each, void *arg)
{
	const char *srcdir = getenv("srcdir");
	struct dirent **list = NULL;
	struct buf text = { .max = 1 << 20 };
	char dir[4096];
	int dirfd, n;
	struct err e;

	snprintf(dir, sizeof(dir), "%s/share/rules.d",
	    srcdir != NULL ? srcdir : ".");
	cr_assert_geq(dirfd = open(dir, O_RDONLY | O_DIRECTORY), 0, "%s", dir);
	cr_assert_geq(n = scandir(dir, &list, is_rules, alphasort), 1);
	for (int i = 0; i < n; i++) {
		buf_clear(&text);
		cr_assert_eq(io_load(dirfd, list[i]->d_name, &text, &e), 0,
		    "%s", e.text);
		each(list[i]->d_name, &text, arg);
		free(list[i]);
	}
	free(list);
	buf_free(&text);
	close(dirfd);
	return (size_t)n;
}

static void
add_file(const char *name, const struct buf *text, void *arg)
{
	struct err e;

	cr_assert_eq(rules_add(arg, RULES_SHIPPED, name,
			 (const char *)text->bytes, text->len, &e),
	    0, "%s", e.text);
}

static struct rules *
catalogue(void)
{
	struct rules *r = NULL;
	struct err e;

	cr_assert_eq(rules_new(&r, &e), 0);
	cr_assert_gt(for_each_file(add_file, r), 10);
	return r;
}

static bool
is_kind(const char *reason)
{
	size_t n = strcspn(reason, ":,");

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i]) == n && memcmp(kinds[i], reason, n) == 0)
			return true;
	return false;
}

static void
check_lines(const char *name, const struct buf *text, void *arg)
{
	char *copy = strndup((const char *)text->bytes, text->len);
	char *rest = copy, *line, *reason, *tab;

	(void)arg;
	cr_assert_not_null(copy);
	while ((line = strsep(&rest, "\n")) != NULL) {
		if (*line == '\0' || *line == '#')
			continue;
		reason = strstr(line, " # ");
		cr_expect(reason != NULL && reason[3] != '\0',
		    "%s: no reason: %s", name, line);
		if (reason != NULL && strncmp(line, "local ", 6) == 0)
			cr_expect(is_kind(reason + 3), "%s: what kind? %s",
			    name, line);
		tab = strpbrk(line, "\t\r");
		cr_expect_null(tab, "%s: %s", name, line);
	}
	free(copy);
}

Test(catalogue, every_line_has_a_reason_of_a_known_kind)
{
	for_each_file(check_lines, NULL);
}

/* Paths as they are found in real homes; a directory has a '/' behind it. */
static const char *const stays[] = {
	".cache/",
	".cache/mozilla/firefox/x.default/cache2/entries/0A",
	".local/state/wireplumber/default-nodes",
	".local/state/roam/",
	".local/share/Trash/files/old.txt",
	".Xauthority",
	".Xauthority-c",
	".ICEauthority",
	".xsession-errors.old",
	".xauthXa1b2C",
	".dbus/",
	".nfs00000000004c1a2300000001",
	"src/.nfs0000000001f3a7c20000002b",
	".fuse_hidden0000a3b500000001",
	".goutputstream-AB12CD",
	".config/.goutputstream-X7YZ01",
	"core.12345",
	".thumbnails/",
	".nv/GLCache/",
	".config/monitors.xml",
	".config/dconf/user.A1B2C3",
	".local/share/tracker3/files",
	".local/share/gvfs-metadata/home",
	".config/kdeglobals.lock",
	".config/#4721",
	".kde/socket-ws1",
	".local/share/baloo/index",
	".local/share/akonadi/db_data/ibdata1",
	".local/share/klipper/history2.lst",
	".config/kdeconnect/privateKey.pem",
	".config/xfce4/xfconf/xfce-perchannel-xml/displays.xml",
	".config/cinnamon-monitors.xml",
	".config/google-chrome/SingletonLock",
	".config/google-chrome/Default/Code Cache/js/",
	".config/google-chrome/Default/Service Worker/CacheStorage/ab/",
	".config/google-chrome/ShaderCache/",
	".config/Slack/Cache/Cache_Data/",
	".config/BraveSoftware/Brave-Browser/Default/GPUCache/data_0",
	".config/chromium/Crashpad/",
	".config/Signal/GPUCache/",
	".var/app/com.google.Chrome/config/google-chrome/Default/GPUCache/",
	".var/app/org.gnome.gedit/cache/",
	".var/app/org.x.Y/.ld.so/",
	".mozilla/firefox/abc.default-release/lock",
	".mozilla/firefox/abc.default-release/.parentlock",
	".mozilla/firefox/abc.default-release/startupCache/x.bin",
	"snap/firefox/common/.mozilla/firefox/abc.default/minidumps/",
	".var/app/org.mozilla.firefox/.mozilla/firefox/a.default/cache2/",
	".thunderbird/abc.default/ImapMail/imap.example.org/INBOX",
	".thunderbird/abc.default/global-messages-db.sqlite",
	"Documents/.~lock.letter.odt#",
	"Documents/~$letter.docx",
	".config/libreoffice/4/.lock",
	".config/libreoffice/4/user/temp/",
	"notes/.todo.txt.swp",
	"notes/.todo.txt.swo",
	"src/.#main.c",
	".emacs.d/eln-cache/29.4-abc/",
	".config/Code/CachedData/",
	".config/Code - OSS/logs/20260101/",
	".config/Code/machineid",
	".config/VSCodium/CachedExtensionVSIXs/",
	".vscode-server/bin/",
	".local/share/JetBrains/Toolbox/apps/",
	".config/JetBrains/Idea1/.lock",
	"workspace/.metadata/.lock",
	".zcompdump-ws1-5.9",
	".zcompdump",
	".ssh/alice@server:22",
	".ssh/sockets/abc",
	".ssh/agent/s.1.sock",
	".gnupg/S.gpg-agent.ssh",
	".gnupg/random_seed",
	".gnupg/pubring.kbx.lock",
	".gnupg/.#lk0x000055d5.ws1.4711",
	"src/app/__pycache__/",
	"src/app/__pycache__/x.cpython-311.pyc",
	".npm/_cacache/",
	".cargo/registry/",
	".rustup/toolchains/",
	"go/pkg/mod/",
	".m2/repository/",
	".gradle/caches/",
	".java/.userPrefs/.user.lock.alice",
	".nuget/packages/",
	".local/share/containers/storage/overlay/",
	".docker/run/",
	".kube/cache/",
	".local/share/flatpak/repo/",
	"snap/vlc/current",
	"snap/vlc/common/.cache/",
	".config/pulse/cookie",
	".config/pulse/0a1b2c-runtime",
	".config/pulse/0a1b-device-volumes.tdb",
	".local/share/Steam/steamapps/common/",
	".steam/steam.pid",
	".wine/dosdevices/",
	".config/ibus/bus/",
	".mozc/.session.ipc",
	".config/syncthing/key.pem",
	"Nextcloud/.sync_1a2b.db-wal",
	".unison/ar0123456789abcdef0123456789abcdef",
};

static const char *const goes[] = {
	"Documents/",
	"Documents/letter.odt",
	"Documents/cache/notes.txt",
	"Downloads/big.iso",
	"Pictures/2026/IMG_1.jpg",
	"Desktop/x.desktop",
	"Music/",
	"Videos/",
	"Templates/",
	"Public/",
	"bin/script",
	"core",
	"src/core/",
	"src/core/main.c",
	"src/cache/lru.c",
	"src/lock",
	"src/lock.c",
	"src/project/Cache/x.c",
	"src/logs/parse.c",
	"core.txt",
	"core.2026.txt",
	"src/core.2026",
	"src/core.1",
	"src/tmp/",
	"x.tmp",
	"x.lock",
	"notes.txt~",
	"#draft#",
	"src/Cargo.lock",
	"src/package-lock.json",
	"src/node_modules/",
	"src/target/",
	"src/.git/",
	"src/.git/index.lock",
	"src/x.log",
	".bashrc",
	".bash_history",
	".profile",
	".zshrc",
	".zsh_history",
	".vimrc",
	".vim/undo/x",
	".vim/autoload/plug.vim",
	".x.swf",
	".config/",
	".config/user-dirs.dirs",
	".config/mimeapps.list",
	".config/dconf/user",
	".config/gtk-3.0/bookmarks",
	".config/kdeglobals",
	".config/kwinrc",
	".config/plasma-org.kde.plasma.desktop-appletsrc",
	".config/autostart/x.desktop",
	".config/hexchat/logs/net/#chan.log",
	".config/nvim/init.lua",
	".config/systemd/user/x.service",
	".config/xfce4/xfconf/xfce-perchannel-xml/xfwm4.xml",
	".config/google-chrome/Default/Bookmarks",
	".config/google-chrome/Default/History",
	".config/google-chrome/Local State",
	".config/google-chrome/Default/Extensions/abc/1.0/manifest.json",
	".config/google-chrome/Default/IndexedDB/",
	".config/Code/User/",
	".config/Code/User/settings.json",
	".config/Code/Backups/x",
	".config/Code/User/History/1/a.c",
	".config/obsidian/obsidian.json",
	".config/libreoffice/4/user/registrymodifications.xcu",
	".config/libreoffice/4/user/backup/letter.odt",
	".config/libreoffice/4/user/uno_packages/cache/uno_packages/x",
	".config/JetBrains/Idea1/options/editor.xml",
	".config/pulse/default.pa",
	".config/fish/fish_variables",
	".local/share/fish/fish_history",
	".local/share/",
	".local/share/applications/x.desktop",
	".local/share/fonts/x.ttf",
	".local/share/keyrings/login.keyring",
	".local/share/kwalletd/kdewallet.kwl",
	".local/share/recently-used.xbel",
	".local/share/evolution/mail/local/",
	".local/share/local-mail/inbox/",
	".local/share/gnome-shell/extensions/x/",
	".local/bin/tool",
	".local/lib/python3.11/site-packages/x.py",
	".local/share/flatpak/overrides/org.x.Y",
	".ssh/id_ed25519",
	".ssh/config",
	".ssh/known_hosts",
	".ssh/sockets/",
	".ssh/agent/",
	".gnupg/private-keys-v1.d/AB.key",
	".gnupg/pubring.kbx",
	".gnupg/trustdb.gpg",
	".mozilla/firefox/profiles.ini",
	".mozilla/firefox/abc.default-release/places.sqlite",
	".mozilla/firefox/abc.default-release/logins.json",
	".mozilla/firefox/abc.default-release/compatibility.ini",
	".mozilla/firefox/abc.default-release/storage/default/",
	".mozilla/firefox/abc.default-release/extensions/x.xpi",
	".thunderbird/abc.default/Mail/Local Folders/Inbox",
	".thunderbird/abc.default/abook.sqlite",
	".var/app/org.gimp.GIMP/config/GIMP/2.10/gimprc",
	".var/app/org.gimp.GIMP/data/x",
	"snap/vlc/3777/x",
	".npmrc",
	".cargo/config.toml",
	".cargo/bin/tool",
	".rustup/settings.toml",
	"go/src/x/main.go",
	"go/bin/tool",
	".m2/settings.xml",
	".gradle/gradle.properties",
	".docker/config.json",
	".kube/config",
	".emacs.d/init.el",
	".emacs.d/auto-save-list/x",
	"workspace/.metadata/",
	".wine/drive_c/users/alice/Documents/x",
	".unison/archive.prf",
	".local/share/Steam/userdata/1/config",
	".config/rclone/rclone.conf",
	".config/ibus/rime/luna.userdb/000003.log",
	".purple/accounts.xml",
	".face",
	".config/autostart/",
	".lock",
	"lock",
	"Cache/",
	"logs/",
};

static bool
roams(const struct rules *r, const char *path)
{
	size_t len = strlen(path);
	bool is_dir = path[len - 1] == '/';

	return rules_roams(r, path, len - is_dir, is_dir);
}

Test(catalogue, what_other_machines_cannot_use_stays)
{
	struct rules *r = catalogue();

	for (size_t i = 0; i < sizeof(stays) / sizeof(stays[0]); i++)
		cr_expect(!roams(r, stays[i]), "%s roams", stays[i]);
	rules_free(r);
}

Test(catalogue, what_a_user_may_have_made_roams)
{
	struct rules *r = catalogue();

	for (size_t i = 0; i < sizeof(goes) / sizeof(goes[0]); i++)
		cr_expect(roams(r, goes[i]), "%s stays", goes[i]);
	rules_free(r);
}

Test(catalogue, files_that_both_sides_write_have_a_driver)
{
	static const char *const files[][2] = {
		{ ".config/user-dirs.dirs", "keyfile" },
		{ ".config/kwinrc", "keyfile" },
		{ ".config/dconf/user", "dconf" },
		{ ".ssh/known_hosts", "lines" },
		{ ".bash_history", "lines" },
		{ ".local/share/recently-used.xbel", "xbel" },
	};
	struct rules *r = catalogue();
	struct ruling ruling;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		rules_explain(r, files[i][0], strlen(files[i][0]), false,
		    &ruling);
		cr_expect_not_null(ruling.driver, "%s", files[i][0]);
		if (ruling.driver != NULL)
			cr_expect_str_eq(ruling.driver, files[i][1]);
	}
	rules_free(r);
}

/* Prints what a path costs; a machine under load must not fail a test. */
Test(catalogue, asking_it_costs_little)
{
	struct rules *r = catalogue();
	size_t n = sizeof(goes) / sizeof(goes[0]), asked = 0;
	double start = clock_steady_s();
	unsigned yes = 0;

	for (int round = 0; round < 1000; round++)
		for (size_t i = 0; i < n; i++, asked++) {
			size_t len = strlen(goes[i]);
			bool is_dir = goes[i][len - 1] == '/';

			yes +=
			    rules_roams_here(r, goes[i], len - is_dir, is_dir);
		}
	printf("# %.0f ns a path, %zu rules\n",
	    (clock_steady_s() - start) * 1e9 / (double)asked, rules_count(r));
	cr_expect_eq(yes, asked);
	rules_free(r);
}
