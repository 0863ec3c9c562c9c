"""Tests of pyftpdlib 2.2.0 that must fail against Latchkey, with the reasons. One that passes is a failure."""

WORDING = "compares whole replies of pyftpdlib, text included"
ANONYMOUS = "needs an anonymous user; a vault has none"
WAITS = "a command waits for the end of a transfer here, as RFC 959 has it for REIN and QUIT; this test waits for its reply first"
ABORTED = "RFC 959, section 4.1.3 answers ABOR with 226 where the command before it is done; pyftpdlib has 225"
NO_DATA = "begins a transfer without PASV or PORT, which is refused before the offset is looked at"
AT_ONCE = "expects a connection at PORT or EPRT; RFC 959, section 3.2 has it begin with the transfer"

NOT_APPLICABLE = {
    "TestFtpAuthentication::test_anon_auth": ANONYMOUS,
    "TestFtpAuthentication::test_max_auth": "expects the end after three wrong passwords; here it is six",
    "TestFtpAuthentication::test_rein_during_transfer": WAITS,
    "TestFtpAuthentication::test_user_during_transfer": WAITS,
    "TestFtpAuthentication::test_wrong_cmds_order": "PASS behind a login is 202, superfluous, and not 503",
    "TestFtpDummyCmds::test_allo": "ALLO of something that is no number is refused",
    "TestFtpDummyCmds::test_opts_feat": "OPTS MLST without the last semicolon is understood",
    "TestFtpDummyCmds::test_rest": "REST in TYPE A is refused by the transfer, since TYPE may still change",
    "TestFtpDummyCmds::test_site_help": "SITE HELP takes no notice of what follows",
    "TestFtpDummyCmds::test_type": "there are no bytes of seven bits (TYPE L7)",
    "TestFtpCmdsSemantic::test_arg_cmds": WORDING,
    "TestFtpCmdsSemantic::test_auth_cmds": WORDING,
    "TestFtpCmdsSemantic::test_no_arg_cmds": WORDING,
    "TestFtpCmdsSemantic::test_no_auth_cmds": "STAT and SITE tell nothing before the login",
    "TestFtpFsOperations::test_cwd": "CWD without a path is refused (RFC 959, section 5.3.1)",
    "TestFtpFsOperations::test_mdtm": "MDTM tells the time of a directory, too",
    "TestFtpStoreData::test_quit_during_transfer": WAITS,
    "TestFtpStoreData::test_rest_on_stor": NO_DATA,
    "TestFtpRetrieveData::test_restore_on_retr": NO_DATA,
    "TestFtpStoreData::test_stou": "sends STOU before PORT",
    "TestFtpStoreData::test_stou_orphaned_file": ANONYMOUS,
    "TestFtpListingCmds::test_mlsd_all_facts": "a directory has no fact of its size",
    "TestFtpListingCmds::test_stat": "STAT understands patterns",
    "TestFtpAbort::test_abor_no_data": ABORTED,
    "TestFtpAbort::test_abor_pasv": ABORTED,
    "TestFtpAbort::test_abor_port": ABORTED,
    "TestFtpAbort::test_oob_abor": ABORTED,
    "TestIPv4Environment::test_eprt": WORDING,
    "TestIPv4Environment::test_eprt_v4": "a foreign address is 504, a parameter that is not supported, and not 501",
    "TestIPv4Environment::test_port_v4": WORDING,
    "TestCornerCases::test_active_conn_error": AT_ONCE,
    "TestCornerCases::test_ioloop_fileno": "looks into pyftpdlib",
    "TestCornerCases::test_port_race_condition": AT_ONCE,
}
