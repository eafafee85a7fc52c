"""The paths of the windows."""

from allauth.account import views as allauth
from django.urls import URLPattern, URLResolver, path

from mailweave.web import home, profile, setup

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    # signing in
    path("account/login/", allauth.login, name="account_login"),
    path("account/logout/", allauth.logout, name="account_logout"),
    path("account/password/", allauth.password_change, name="account_change_password"),
    path("setup/", setup.setup, name="setup"),
    # settings
    path("settings/", home.settings, name="settings"),
    path("settings/profile/", profile.profile, name="profile"),
    path("settings/workspace/<int:pk>/", profile.switch, name="switch_workspace"),
]
