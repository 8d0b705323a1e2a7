/*
 * p2: the language of policies, for editors and for TypeScript; see p2(5).
 *
 * A policy in TypeScript begins with
 *
 *	/// <reference path="/usr/local/share/partisci/p2.d.ts" />
 *
 * and is compiled to ES5 with a source map: tsc -t ES5 --sourceMap site.ts
 */
declare namespace p2 {
    /** A step's result: changed, skipped, failed, or a word of the policy's own. */
    interface Result { result?: string; why?: string; }
    type Later<T> = T | { then(yes: (value: T) => any, no?: (why: any) => any): any; };
    interface Event { eventname: string; module: string; title: string; opts: any; }
    type Title = string | number | Array<string | number>;
    type Selection = undefined | null | boolean | number | string | RegExp | object |
        ((facts: Facts) => any);

    /** What p2-facts(1) says of the host; policies and roles may add to it. */
    interface Facts {
        os_hostname: string;
        os_family: string;
        os_dist_name: string;
        os_dist_version_id: string;
        os_arch: string;
        agent_classes: { [name: string]: boolean };
        p2role: { [name: string]: any };
        [name: string]: any;
    }

    // build/t/options -t common file command powershell package repository service \
    //     hostentry sysctl hostname timezone known_host cron mount kernel_module locale alternatives archive git user group
    interface CommonOptions {
        /** only if the command, the script {file: name} or the function says yes */
        onlyif?: string | boolean | object | ((facts: p2.Facts) => any);
        /** not if it says yes */
        unless?: string | boolean | object | ((facts: p2.Facts) => any);
        /** handlers: event names and functions */
        on?: object;
        /** with --watch: repair it whenever it is changed; default: true */
        watch?: boolean;
        /** what does the work */
        provider?: string;
        /** names by which --tag selects it */
        tag?: string | Array<string | number>;
        /** resources that must have gone well before, as type:title */
        require?: string | Array<string | number>;
        /** resources that need this one */
        before?: string | Array<string | number>;
        /** resources to be run at the end, if this one has changed */
        notify?: string | Array<string | number>;
        /** resources to be run next, if this one has changed */
        notify_now?: string | Array<string | number>;
        /** resources whose change runs this one at the end */
        subscribe?: string | Array<string | number>;
        /** show, but do not do it; default: false */
        noop?: boolean;
        /** do it only at these times, such as Sat 02:00-04:00 */
        window?: string;
        /** show no content; default: false */
        sensitive?: boolean;
        /** anything, for templates */
        parms?: string | boolean | number | Array<string | number> | object;
    }
    interface FileOptions extends CommonOptions {
        /** where; default: the title */
        path?: string;
        /** present, file, absent, directory or link; default: present */
        ensure?: string;
        /** all that is in it; {file: source} or {template: source} */
        content?: string | Buffer | object;
        /** the content is a template; default: false */
        is_template?: boolean;
        /** a file to copy, or a directory with all below it */
        source?: string;
        /** of a link: where it points */
        target?: string;
        /** as for chmod: 0644, 644 or u=rwX,go=rX */
        mode?: string;
        /** name or number */
        owner?: string | number;
        /** name or number */
        group?: string | number;
        /** before the first replacement keep it as NAME.orig_partout; default: true */
        keep_orig?: boolean;
        /** false: the content is for a new file only; default: true */
        replace?: boolean;
        /** what is of another type goes, a directory with all in it; default: false */
        force?: boolean;
        /** make the directories above that are missing; default: false */
        parents?: boolean;
        /** a link at the path is followed; false: it is replaced; default: true */
        follow?: boolean;
        /** a command, % being the new file, that has to approve of it */
        validate?: string;
        /** mode, owner, group and absent are for all below, too; default: false */
        recurse?: boolean;
        /** of a directory: what the source has not goes; default: false */
        purge?: boolean;
        /** names, with * and ?, that source, recurse and purge pass over */
        ignore?: string | Array<string | number>;
        /** a line, or several, that it has */
        line?: string | Array<string | number>;
        /** the line goes in place of the last one this expression finds */
        match?: string | RegExp;
        /** or behind the last one this expression finds */
        after?: string | RegExp;
        /** lines this expression finds go */
        remove?: string | RegExp;
        /** lines that it has between two markers; empty: they go */
        block?: string;
        /** the markers' text; {mark} is BEGIN and END; default: # {mark} p2 */
        marker?: string;
        /** override: clear chattr's flags i and a, and set them again; default: respect */
        immutable?: string;
        /** keep: write in place, so that its other names change as well; default: break */
        hardlinks?: string;
        /** if whoever is told of the change fails, the old comes back; default: false */
        rollback?: boolean;
    }
    interface CommandOptions extends CommonOptions {
        /** the command, a template; default: the title */
        cmd?: string;
        /** run only if there is nothing at this path, a template */
        creates?: string;
        /** the exit status of success, several, or ignore; default: 0 */
        returns?: string | number | Array<string | number>;
        /** directory to run in */
        cwd?: string;
        /** user to run as, with his groups */
        user?: string;
        /** user to run as, by number or name */
        uid?: string | number;
        /** group to run as, by number or name */
        gid?: string | number;
        /** the complete environment; default: that of the run */
        env?: object;
        /** mask of file modes, in octal digits */
        umask?: string;
        /** end it and all it has started after that */
        timeout?: number;
        /** so many times at most; default: 1 */
        tries?: number;
        /** pause between two tries; default: 1 */
        try_sleep?: number;
        /** run only when another resource notifies it; default: false */
        refreshonly?: boolean;
        /** show what it prints, also when it succeeds; default: false */
        logoutput?: boolean;
    }
    interface PowershellOptions extends CommonOptions {
        /** the command, a template; default: the title */
        cmd?: string;
        /** run only if there is nothing at this path, a template */
        creates?: string;
        /** the exit status of success, several, or ignore; default: 0 */
        returns?: string | number | Array<string | number>;
        /** directory to run in */
        cwd?: string;
        /** user to run as, with his groups */
        user?: string;
        /** user to run as, by number or name */
        uid?: string | number;
        /** group to run as, by number or name */
        gid?: string | number;
        /** the complete environment; default: that of the run */
        env?: object;
        /** mask of file modes, in octal digits */
        umask?: string;
        /** end it and all it has started after that */
        timeout?: number;
        /** so many times at most; default: 1 */
        tries?: number;
        /** pause between two tries; default: 1 */
        try_sleep?: number;
        /** run only when another resource notifies it; default: false */
        refreshonly?: boolean;
        /** show what it prints, also when it succeeds; default: false */
        logoutput?: boolean;
    }
    interface PackageOptions extends CommonOptions {
        /** what the manager calls it; several: in one transaction; default: the title */
        name?: string | Array<string | number>;
        /** present, installed, latest, absent, purged, or a version; default: present */
        ensure?: string;
        /** this one, 1.2, or what passes, >=1.2 */
        version?: string;
        /** keep the manager from upgrading it; false: let it */
        hold?: boolean;
        /** install also what it only recommends; default: as the manager has it */
        recommends?: boolean;
        /** for deb and rpm: the file; default: the title */
        source?: string;
        /** for npm: its prefix; for pip: a virtual environment */
        prefix?: string;
        /** apt, dnf, yum, zypper, pacman, apk, portage, npm, pip, gem, deb or rpm; default: that of the os_family */
        provider?: string;
        /** end the manager after that */
        timeout?: number;
        /** wait so long for another that has the manager; default: 60 */
        lock_timeout?: number;
    }
    interface RepositoryOptions extends CommonOptions {
        /** present or absent; default: present */
        ensure?: string;
        /** where it is */
        uri?: string | Array<string | number>;
        /** of apt: the releases, bookworm; of a flat one ./ */
        suites?: string | Array<string | number>;
        /** of apt: its parts, main */
        components?: string | Array<string | number>;
        /** of apt: deb and deb-src; default: deb */
        types?: string | Array<string | number>;
        /** of apt: only these */
        architectures?: string | Array<string | number>;
        /** the key that it is signed with, or a file that has it */
        key?: string | Buffer;
        /** SHA-256 that the key has to have, in hex */
        key_digest?: string;
        /** take what is not signed; default: false */
        trusted?: boolean;
        /** packages are taken from it; default: true */
        enabled?: boolean;
        /** of dnf, yum and zypper: its name for people; default: the title */
        description?: string;
        /** further fields, as the manager spells them */
        settings?: object;
        /** apt, dnf, yum or zypper; default: that of the os_family */
        provider?: string;
    }
    interface ServiceOptions extends CommonOptions {
        /** the manager's name for it; default: the title */
        name?: string;
        /** one of running, stopped, restarted and reloaded */
        ensure?: string;
        /** started with the host, or not */
        enabled?: boolean;
        /** cannot be started at all, or can */
        masked?: boolean;
        /** one of systemd, openrc, runit and sysv; default: that of the host */
        provider?: string;
        /** what a notification does: restart, reload or none; default: restart */
        refresh?: string;
        /** how long starting and stopping may take; default: 90 */
        timeout?: number;
        /** makes a unit, or a script, that runs this */
        exec?: string;
        /** of the unit */
        description?: string;
        /** of the unit: who runs it */
        user?: string;
        /** of the unit: where it runs */
        appdir?: string;
        /** of the unit: services that it needs */
        dependson?: string | Array<string | number>;
        /** of the unit: environment */
        env?: object;
        /** text of a drop-in, or of several by name; empty: it goes */
        dropin?: string | object;
        /** makes a timer that starts it then, as in systemd.time(7) */
        timer?: string;
    }
    interface HostentryOptions extends CommonOptions {
        /** present or absent; default: present */
        ensure?: string;
        /** its address */
        ip?: string;
        /** other names that it has */
        aliases?: string | Array<string | number>;
        /** the file; default: /etc/hosts */
        target?: string;
    }
    interface SysctlOptions extends CommonOptions {
        /** present; absent: the file goes, the kernel keeps the value; default: present */
        ensure?: string;
        /** of the parameter */
        value?: string | number;
        /** the file that sets it when the host starts; default: /etc/sysctl.d/NAME.conf */
        target?: string;
    }
    interface HostnameOptions extends CommonOptions {
    }
    interface TimezoneOptions extends CommonOptions {
    }
    interface Known_hostOptions extends CommonOptions {
        /** present or absent; default: present */
        ensure?: string;
        /** in base64, or with the type before it */
        key?: string;
        /** of the key: ssh-ed25519; default: that before the key */
        type?: string;
        /** other names and addresses that it has */
        aliases?: string | Array<string | number>;
        /** the file; default: /etc/ssh/ssh_known_hosts */
        target?: string;
    }
    interface CronOptions extends CommonOptions {
        /** present or absent; default: present */
        ensure?: string;
        /** what is run, by sh; a % in it behind a backslash */
        command?: string;
        /** what it reads */
        stdin?: string;
        /** whose crontab it is in, or in a target, who runs it; default: root */
        user?: string;
        /** 0 to 59; default: * */
        minute?: string | number | Array<string | number>;
        /** 0 to 23; default: * */
        hour?: string | number | Array<string | number>;
        /** 1 to 31; default: * */
        monthday?: string | number | Array<string | number>;
        /** 1 to 12, or jan to dec; default: * */
        month?: string | number | Array<string | number>;
        /** 0 to 7, or sun to sat; 0 and 7 are Sunday; default: * */
        weekday?: string | number | Array<string | number>;
        /** in place of these: @daily, @reboot and so on */
        special?: string;
        /** variables that are set from there on */
        environment?: object;
        /** a file below /etc/cron.d, or /etc/crontab; default: the user's crontab */
        target?: string;
    }
    interface MountOptions extends CommonOptions {
        /** mounted, unmounted, present (either) or absent; default: mounted */
        ensure?: string;
        /** what is mounted: a device, UUID=, LABEL= or host:path; default: that of its line */
        device?: string;
        /** the type of the file system; default: that of its line, or auto */
        fstype?: string;
        /** as of mount(8); default: those of its line, or defaults */
        options?: string | Array<string | number>;
        /** the fifth field, for dump(8); default: that of its line, or 0 */
        dump?: number;
        /** the sixth field: when fsck(8) checks it, or 0: never; default: that of its line, or 0 */
        pass?: number;
        /** where options differ, what is mounted gets them, too; default: true */
        remount?: boolean;
        /** the file; default: /etc/fstab */
        target?: string;
    }
    interface Kernel_moduleOptions extends CommonOptions {
        /** loaded or unloaded; default: loaded */
        ensure?: string;
        /** it is loaded when the host starts; default: true if it is to be loaded */
        boot?: boolean;
        /** what it is given when it is loaded */
        parameters?: object;
        /** no device that is found loads it; default: false */
        blacklist?: boolean;
    }
    interface LocaleOptions extends CommonOptions {
        /** present or absent; default: present */
        ensure?: string;
        /** it is the LANG that programs start with; default: false */
        default?: boolean;
        /** other locales, by LC_TIME and so on */
        categories?: object;
    }
    interface AlternativesOptions extends CommonOptions {
        /** what it is to be, or auto: the one of the highest priority; default: auto */
        path?: string;
    }
    interface ArchiveOptions extends CommonOptions {
        /** the directory; default: the title */
        path?: string;
        /** present or absent; default: present */
        ensure?: string;
        /** the archive: a file, or a URL of http or https */
        source?: string;
        /** that the archive has to have, sha256:HEX */
        digest?: string;
        /** unpack only if there is nothing at this path */
        creates?: string;
        /** leave out so many directories at the front of each name; default: 0 */
        strip?: number;
        /** of all that is in it: name or number; default: who runs p2-apply */
        owner?: string | number;
        /** of all that is in it: name or number; default: that of who runs p2-apply */
        group?: string | number;
        /** of all that is in it: u=rwX,go=rX; default: as in the archive, less go-w */
        mode?: string;
        /** a directory that is there goes, whatever is in it; default: false */
        force?: boolean;
        /** how long the download may take; default: 600 */
        timeout?: number;
    }
    interface GitOptions extends CommonOptions {
        /** the directory; default: the title */
        path?: string;
        /** the repository: a URL, host:path or a directory */
        source?: string;
        /** a branch, a tag, or a commit in full; default: the branch that the repository names */
        revision?: string;
        /** what the repository is called; default: origin */
        remote?: string;
        /** fetch so many commits of its history */
        depth?: number;
        /** fetch those, too, and what is in them; default: false */
        submodules?: boolean;
        /** only the repository, with all branches and tags; default: false */
        bare?: boolean;
        /** follow the branch; false: stay with what is there; default: true */
        update?: boolean;
        /** local changes and commits may go; default: false */
        force?: boolean;
        /** whose it is, and who runs git */
        user?: string;
        /** a file with the key for ssh */
        identity?: string;
        /** how long one call of git may take; default: 300 */
        timeout?: number;
    }
    interface UserOptions extends CommonOptions {
        /** its name; default: the title */
        name?: string;
        /** present or absent; default: present */
        ensure?: string;
        /** its number; default: one that is free */
        uid?: string | number;
        /** its group: name or number; default: a group of its own, as /etc/login.defs says */
        gid?: string | number;
        /** who it is */
        gecos?: string;
        /** its home directory; default: below /home, by its name */
        dir?: string;
        /** what a login starts; default: that of /etc/default/useradd */
        shell?: string;
        /** a new one gets a number of the host's own; default: false */
        system?: boolean;
        /** the home directory is made, moves, and goes with the user; default: false */
        home?: boolean;
        /** the password, encrypted as in /etc/shadow */
        spw?: string;
        /** no password opens it, or the old one does again */
        lock?: boolean;
        /** when the password was last changed */
        slstchg?: string | number;
        /** days before the password may be changed */
        smin?: number;
        /** days after which the password has to be changed */
        smax?: number;
        /** days before that in which a login is warned */
        swarn?: number;
        /** days after that in which a login still can change it */
        sinact?: number;
        /** when the user expires */
        sexpire?: string | number;
        /** further groups that it is in: names or numbers */
        groups?: string | Array<string | number>;
        /** it may be in other groups than these, too; default: false */
        append?: boolean;
        /** the lines of ~/.ssh/authorized_keys, and no others */
        authorized_keys?: string | Array<string | number>;
        /** how long another program may lock the files; default: 15 */
        timeout?: number;
    }
    interface GroupOptions extends CommonOptions {
        /** its name; default: the title */
        name?: string;
        /** present or absent; default: present */
        ensure?: string;
        /** its number; default: one that is free */
        gid?: string | number;
        /** its members, and no others */
        user_list?: Array<string | number>;
        /** a new one gets a number of the host's own; default: false */
        system?: boolean;
        /** how long another program may lock the files; default: 15 */
        timeout?: number;
    }
    // end of the tables

    interface ConcatOptions extends CommonOptions {
        path?: string;
        ensure?: 'present' | 'absent';
        mode?: string;
        owner?: string | number;
        group?: string | number;
        validate?: string;
        parents?: boolean;
        keep_orig?: boolean;
        /** a fragment that does not end in a newline gets one */
        ensure_newline?: boolean;
    }
    interface Concat_fragmentOptions extends CommonOptions {
        /** the title of the concat */
        target: string;
        content: string | { file: string } | { template: string };
        is_template?: boolean;
        /** default: 10 */
        order?: string | number;
    }

    /** What role() is given. */
    interface Role {
        p2?(title: any, opts: any): Later<Result | void>;
        facts?(deferred: { resolve(facts: object): void; reject(why: any): void; promise: any; },
            facts: Facts): void;
        onlyif?: CommonOptions["onlyif"];
        options?: Module["options"];
        check?: Module["check"];
    }

    /** What module() is given, or the file that it names exports. */
    interface Module {
        name: string;
        options?: { [name: string]: {
            type: string | string[]; required?: boolean; default?: any;
            values?: any[]; template?: boolean;
        } };
        facts?: { [name: string]: (facts: Facts) => any };
        check?(title: string, options: any): void;
        plan?(r: Resource): Later<Result | void>;
        apply(r: Resource): Later<Result | void>;
        watch?(r: Resource): string | string[];
    }

    /** The resource that a module's functions are given. */
    interface Resource {
        title: string;
        options: any;
        facts: Facts;
        refreshed: boolean;
        dry: boolean;
        why(text: string): void;
        did(text: string): void;
        diff(before: string, after: string, name?: string): void;
        read(path: string): string | null;
        run(argv: string[]): string;
        file(title: string, options?: FileOptions): boolean;
        command(title: string, options?: CommandOptions): boolean;
        [member: string]: any;
    }

    interface P2 {
        file(title: Title, options?: FileOptions, done?: (changed: boolean) => void): P2;
        file(title: Title, done: (changed: boolean) => void): P2;
        command(title: Title, options?: CommandOptions,
            done?: (rc: number | null, stdout: string, stderr: string) => void): P2;
        command(title: Title,
            done: (rc: number | null, stdout: string, stderr: string) => void): P2;
        powershell(title: Title, options?: PowershellOptions,
            done?: (rc: number | null, stdout: string, stderr: string) => void): P2;
        package(title: Title, options?: PackageOptions,
            done?: (err: any, stdout: string, stderr: string) => void): P2;
        repository(title: Title, options?: RepositoryOptions, done?: (...args: any[]) => void): P2;
        service(title: Title, options?: ServiceOptions, done?: (...args: any[]) => void): P2;
        hostentry(title: Title, options?: HostentryOptions, done?: (...args: any[]) => void): P2;
        sysctl(title: Title, options?: SysctlOptions, done?: (...args: any[]) => void): P2;
        hostname(title: Title, options?: HostnameOptions, done?: (...args: any[]) => void): P2;
        timezone(title: Title, options?: TimezoneOptions, done?: (...args: any[]) => void): P2;
        known_host(title: Title, options?: Known_hostOptions, done?: (...args: any[]) => void): P2;
        cron(title: Title, options?: CronOptions, done?: (...args: any[]) => void): P2;
        mount(title: Title, options?: MountOptions, done?: (...args: any[]) => void): P2;
        kernel_module(title: Title, options?: Kernel_moduleOptions, done?: (...args: any[]) => void): P2;
        locale(title: Title, options?: LocaleOptions, done?: (...args: any[]) => void): P2;
        alternatives(title: Title, options?: AlternativesOptions, done?: (...args: any[]) => void): P2;
        archive(title: Title, options?: ArchiveOptions, done?: (...args: any[]) => void): P2;
        git(title: Title, options?: GitOptions, done?: (...args: any[]) => void): P2;
        user(title: Title, options?: UserOptions, done?: (...args: any[]) => void): P2;
        group(title: Title, options?: GroupOptions, done?: (...args: any[]) => void): P2;
        concat(title: Title, options?: ConcatOptions, done?: (changed: boolean) => void): P2;
        concat_fragment(title: Title, options: Concat_fragmentOptions): P2;
        lambda(title: Title, fn: (facts: Facts, options: any) => Later<Result | void>): P2;
        lambda(title: Title, options: object,
            fn: (facts: Facts, options: any) => Later<Result | void>): P2;

        add_fact(title: Title, options?: { value?: any; file?: string; hidden?: boolean } & CommonOptions): P2;
        binfile(title: Title, options?: { src?: { file: string }; ensure?: string } & CommonOptions): P2;
        classify(title: Title, options?: CommonOptions): P2;
        ini_file(title: Title, options: { cfg: object; whitespace?: boolean; hash_in_value?: boolean; noesc?: boolean } & CommonOptions): P2;
        logmsg(title: Title, options?: { level?: string } & CommonOptions): P2;
        mysql_connect(title: Title, options?: { host?: string; port?: number; socketPath?: string; user?: string; password?: string; database?: string } & CommonOptions): P2;
        mysql_database(title: Title, options?: { ensure?: string; connection?: string } & CommonOptions): P2;
        mysql_grant(title: Title, options: { ensure?: string; privileges: string | string[]; privlevel: string; userspecs: { user: string; host: string }; identifiedby?: string; connection?: string } & CommonOptions): P2;
        pv(title: Title, options?: { ensure?: string; force?: boolean } & CommonOptions): P2;
        reboot(title: Title, options?: { first_boot?: boolean } & CommonOptions): P2;
        set_env(title: Title, options?: { ensure?: string; value?: string; file?: string } & CommonOptions): P2;
        sleep(title: Title, options?: { seconds?: number } & CommonOptions): P2;
        source_env(title: Title, options?: { cmd?: string } & CommonOptions): P2;
        str_replace_infile(title: Title, options: { regex: RegExp | string; with: string | ((...found: any[]) => string) } & CommonOptions): P2;
        uvt_cloud_image(title: Title, options?: { release?: string; arch?: string } & CommonOptions): P2;
        uvt_kvm(title: Title, options?: { ensure?: string; state?: string; autostart?: boolean; release?: string; memory?: number; disk?: number; cpu?: number; bridge?: string; sshpubkey_files?: string | string[]; password?: string; ipaddr?: string; netmask?: string; gateway?: string; dns_nameservers?: string | string[]; guest_nic?: string; meta_data_template?: string; user_data_template?: string } & CommonOptions): P2;
        vg(title: Title, options?: { ensure?: string; pv?: string | string[] } & CommonOptions): P2;
        virsh_disk(title: Title, options?: { ensure?: string; sizeGbs?: number | string; format?: string; attachedTo?: string; target?: string; persistent?: boolean } & CommonOptions): P2;
        virsh_iface(title: Title, options: { ensure?: string; type?: string; attachedTo: string; target?: string; model?: string; persistent?: boolean } & CommonOptions): P2;
        wget(title: Title, options: { to: string } & CommonOptions): P2;

        node(selection?: Selection): P2;
        select(selection?: Selection): P2;
        getNode(): Selection;
        ifNode(): boolean;
        on(event: string, fn: (e: Event) => any): P2;
        emit(module: string, title: string, opts: any, result: Result): void;
        emitter: any;
        watch(on: boolean): P2;
        watch(file: string, fn: (done: (said?: object) => void, event: string,
            filename: string) => any): P2;
        window(times?: string): P2;
        end(fn?: () => any): P2;
        role(name: string, definition: Role): P2;
        module(name: string | Module): P2;
        include(name: string): P2;
        require(name: string): any;
        heredoc: { (fn: () => void): string; strip(fn: () => void): string; };
        hasClass(name: string): boolean;
        version(name: string): P2;
        /** What has left the policy: 'report' it, or 'remove' it. */
        orphans(what: 'report' | 'remove'): P2;
        pushSteps(): P2;
        flattenSteps(): P2;
        clear_actions(): void;
        push_action(fn: () => any): void;
        steps: any[];
        qEvent(event: { module: string; object: string; msg: string; level?: string; }): P2;
        sendevent(event: { module: string; object: string; msg: string; level?: string; }): P2;
        dumpFacts(): P2;
        print_facts(): P2;
        facts: Facts;
        readonly __p2dirname: string;
        /** Methods of a policy's own roles and modules. */
        [name: string]: any;
    }
}

declare const p2: p2.P2;
declare const __dirname: string;
declare const __filename: string;
declare const module: { exports: any; filename: string; paths: string[]; parent: any; };
declare const exports: any;
declare const global: any;
declare const process: {
    env: { [name: string]: string | undefined }; argv: string[]; platform: string;
    arch: string; pid: number; version: string; versions: any;
    cwd(): string; chdir(dir: string): void; exit(status?: number): never;
    nextTick(fn: (...args: any[]) => void, ...args: any[]): void; umask(mask?: number): number;
    uptime(): number; [name: string]: any;
};
declare const console: {
    log(...v: any[]): void; info(...v: any[]): void; debug(...v: any[]): void;
    warn(...v: any[]): void; error(...v: any[]): void; [name: string]: any;
};
interface Buffer { length: number; toString(encoding?: string): string; [name: string]: any; }
declare const Buffer: any;
declare function require(name: string): any;
declare function setTimeout(fn: (...args: any[]) => void, ms?: number, ...args: any[]): any;
declare function setInterval(fn: (...args: any[]) => void, ms?: number, ...args: any[]): any;
declare function setImmediate(fn: (...args: any[]) => void, ...args: any[]): any;
declare function clearTimeout(timer: any): void;
declare function clearInterval(timer: any): void;
declare function clearImmediate(timer: any): void;
declare module "fs";
declare module "path";
declare module "os";
declare module "util";
declare module "child_process";
declare module "events";
declare module "crypto";
declare module "assert";
declare module "url";
declare module "querystring";
declare module "q";
declare module "lodash";
declare module "mustache";
