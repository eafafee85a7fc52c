"""The paths of the windows."""

from allauth.account import views as allauth
from django.urls import URLPattern, URLResolver, path

from mailweave.web import (
    attachments,
    consent,
    home,
    images,
    integrations,
    invitations,
    links,
    live,
    mail,
    mailboxes,
    members,
    messages,
    never_sync,
    notifications,
    panels,
    policies,
    profile,
    reset,
    setup,
    threads,
)

BOX = "settings/integrations/mailboxes/<int:pk>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("live/", live.live, name="live"),
    path("notifications/", notifications.page, name="notifications"),
    path("notifications/latest/", notifications.latest, name="notifications_latest"),
    path("notifications/bell/", notifications.bell, name="notification_bell"),
    path("notifications/seen/", notifications.see_all, name="notifications_seen"),
    path("notifications/<int:pk>/open/", notifications.open_, name="notification_open"),
    # signing in
    path("account/login/", allauth.login, name="account_login"),
    path("account/logout/", allauth.logout, name="account_logout"),
    path("account/password/", allauth.password_change, name="account_change_password"),
    path("account/reset/<str:key>/<str:token>/", reset.reset, name="reset_password"),
    path("join/<str:token>/", invitations.join, name="join"),
    path("setup/", setup.setup, name="setup"),
    # mail
    path("mail/", mail.mail, name="mail"),
    path("mail/threads/<int:pk>/", threads.thread, name="thread"),
    path("mail/messages/<int:pk>/", messages.message, name="message"),
    path("mail/messages/<int:pk>/body/", messages.body, name="message_body"),
    path("mail/messages/<int:pk>/headers/", messages.headers, name="message_headers"),
    path("mail/messages/<int:pk>/images/<str:verb>/", messages.always, name="message_images"),
    path("mail/messages/<int:pk>/link/", links.dialog, name="link_dialog"),
    path(
        "mail/messages/<int:pk>/links/<str:kind>/<int:record_id>/<str:verb>/",
        links.decide,
        name="link_decide",
    ),
    path("mail/attachments/<int:pk>/", attachments.attachment, name="attachment"),
    path("mail/img/<str:token>", images.image, name="image"),
    path("records/<str:kind>/<int:record_id>/threads/", panels.panel, name="panel"),
    # settings
    path("settings/", home.settings, name="settings"),
    path("settings/profile/", profile.profile, name="profile"),
    path("settings/members/", members.member_list, name="members"),
    path("settings/members/<int:pk>/role/", members.member_role, name="member_role"),
    path("settings/members/<int:pk>/remove/", members.member_remove, name="member_remove"),
    path("settings/invitations/", invitations.invite, name="invite"),
    path(
        "settings/invitations/<int:pk>/revoke/",
        invitations.revoke,
        name="revoke_invitation",
    ),
    path("settings/workspace/<int:pk>/", profile.switch, name="switch_workspace"),
    # policies
    path("settings/policies/", policies.index, name="policies"),
    path("settings/policies/work/", policies.work, name="policies_work"),
    path("settings/policies/fill/", policies.fill, name="policies_fill"),
    path("settings/never-sync/", never_sync.index, name="never_sync"),
    path("settings/never-sync/<int:pk>/remove/", never_sync.remove, name="never_sync_remove"),
    path("settings/never-sync/<str:whose>/again/", never_sync.again, name="never_sync_again"),
    # integrations
    path("settings/integrations/", integrations.index, name="integrations"),
    path("settings/integrations/<str:kind>/", integrations.provider, name="provider"),
    path("settings/integrations/<str:kind>/client/", integrations.client, name="oauth_client"),
    path("settings/integrations/<str:kind>/admin/", consent.ask, name="ask_admin"),
    path("settings/integrations/<str:kind>/admin/forget/", consent.forget, name="forget_admin"),
    path("connect/<str:kind>/", integrations.connect, name="connect"),
    path("connect/<str:kind>/callback/", integrations.callback, name="connect_callback"),
    path("connect/<str:kind>/consent/", consent.back, name="admin_consent"),
    # mailboxes
    path(f"{BOX}card/", mailboxes.card, name="mailbox_card"),
    path(f"{BOX}range/", mailboxes.range_, name="mailbox_range"),
    path(f"{BOX}sync/", mailboxes.sync_now, name="mailbox_sync"),
    path(f"{BOX}sharing/", mailboxes.sharing, name="mailbox_sharing"),
    path(f"{BOX}set-aside/", mailboxes.set_aside, name="mailbox_set_aside"),
    path(f"{BOX}disconnect/", mailboxes.disconnect, name="mailbox_disconnect"),
    path(f"{BOX}import/<str:verb>/", mailboxes.steer, name="mailbox_steer"),
]
